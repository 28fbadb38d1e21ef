import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { breachesIn, breachesOf } from '../scripts/walls/breaches.ts';
import { rooms } from '../scripts/walls/rooms.ts';

const project = join(import.meta.dirname, '..');
const planted = mkdtempSync(join(tmpdir(), 'savepoint-walls-'));
afterAll(() => rmSync(planted, { recursive: true, force: true }));

/** One breach of every wall: where it is planted, what is planted, and what the tool must say. */
const breaches: [path: string, line: string, says: string][] = [
  ['release/a.ts', `import { z } from 'zod';`, 'release may not use the package zod'],
  ['release/a.ts', `import { readFileSync } from 'node:fs';`, 'release may not use Node: node:fs'],
  ['release/a.ts', `import { readFileSync } from 'fs';`, 'release may not use Node: fs'],
  ['release/a.ts', `import { a } from '../plan/a.ts';`, 'release may import nothing of plan'],
  ['release/a.ts', `import type { A } from '../targets/a.ts';`, 'release may import nothing of targets'],
  ['release/a.ts', `export * from '../report/a.ts';`, 'release may import nothing of report'],
  ['release/a.ts', `export type A = import('../report/a.ts').A;`, 'release may import nothing of report'],
  ['release/a.ts', `export const a = await import('../report/a.ts');`, 'release may import nothing of report'],
  ['release/a.ts', 'export const a = (name: string) => import(name);', 'release may not compute the name'],
  ['release/a.ts', `import a from '../../tests/support/a.ts';`, 'release may import nothing outside src'],
  ['plan/a.ts', `import { a } from '../targets/memory.ts';`, 'plan may import nothing of targets'],
  ['plan/a.ts', `import pg from 'pg';`, 'plan may not use the package pg'],
  ['report/a.ts', `import { a } from '../plan/a.ts';`, 'report may import nothing of plan'],
  ['report/a.ts', `import { readFileSync } from 'node:fs';`, 'report may not use Node: node:fs'],
  ['targets/a.schema.ts', `import { a } from './a.ts';`, 'schema may import nothing of targets'],
  ['targets/a.schema.ts', `import pg from 'pg';`, 'schema may not use the package pg'],
  [
    'targets/a.ts',
    `import { Context } from '@temporalio/activity';`,
    'targets may not use the package @temporalio/activity',
  ],
  ['targets/a.ts', `import { z } from 'zod';`, 'targets may not use the package zod'],
  ['targets/a.ts', `import { a } from '../checks/http.ts';`, 'targets may import nothing of checks'],
  ['targets/shell/a.ts', `import { a } from '../a.ts';`, 'shell may import nothing of targets'],
  ['checks/a.ts', `import { a } from '../targets/postgres/postgres.ts';`, 'checks may import nothing of targets'],
  ['checks/a.ts', `const a = require('@temporalio/client');`, 'checks may not use the package @temporalio/client'],
  [
    'performance/a.ts',
    `import { Context } from '@temporalio/activity';`,
    'performance may not use the package @temporalio/activity',
  ],
  ['performance/a.ts', `import { a } from '../activities/a.ts';`, 'performance may import nothing of activities'],
  [
    'notices/a.ts',
    `import { Client } from '@temporalio/client';`,
    'notices may not use the package @temporalio/client',
  ],
  ['notices/a.ts', `import { a } from '../checks/http.ts';`, 'notices may import nothing of checks'],
  ['aws/a.ts', `import { a } from '../targets/kinds.ts';`, 'aws may import nothing of targets'],
  ['aws/a.ts', `import { Context } from '@temporalio/activity';`, 'aws may not use the package @temporalio/activity'],
  ['secrets/a.ts', `import { a } from '../targets/shell/run.ts';`, 'secrets may import nothing of shell'],
  ['secrets/a.ts', `import { a } from '@temporalio/common';`, 'secrets may not use the package @temporalio/common'],
  ['workflows/a.ts', `import { a } from '../activities/a.ts';`, 'workflows may import only types of activities'],
  ['workflows/a.ts', `import { type A } from '../activities/a.ts';`, 'workflows may import only types of activities'],
  ['workflows/a.ts', `import { z } from 'zod';`, 'workflows may not use the package zod'],
  ['workflows/a.ts', `import { join } from 'node:path';`, 'workflows may not use Node: node:path'],
  ['workflows/a.ts', `import type { A } from '../targets/a.ts';`, 'workflows may import nothing of targets'],
  [
    'workflows/a.ts',
    `import { Client } from '@temporalio/client';`,
    'workflows may not use the package @temporalio/client',
  ],
  ['workflows/messages.ts', `import { a } from './release.ts';`, 'messages may import nothing of workflows'],
  ['activities/a.ts', `import { a } from '../plan/a.ts';`, 'activities may import nothing of plan'],
  ['activities/a.ts', `import { a } from '../workflows/a.ts';`, 'activities may import nothing of workflows'],
  ['activities/a.ts', `import pg from 'pg';`, 'activities may not use the package pg'],
  ['client/a.ts', `import { a } from '../workflows/release.ts';`, 'client may import nothing of workflows'],
  ['client.ts', `import { a } from './activities/a.ts';`, 'client may import nothing of activities'],
  ['dev/a.ts', `import { Client } from '@temporalio/client';`, 'dev may not use the package @temporalio/client'],
  ['dev/a.ts', `import { a } from '../cli/main.ts';`, 'dev may import nothing of cli'],
  ['dev/a.ts', `import { a } from '../targets/kinds.ts';`, 'dev may import nothing of targets'],
  ['cli/a.ts', `import { Client } from '@temporalio/client';`, 'cli may not use the package @temporalio/client'],
  ['cli/verbs/a.ts', `import { a } from '../../workflows/messages.ts';`, 'cli may import nothing of messages'],
  ['cli/verbs/a.ts', `import { a } from '../../activities/a.ts';`, 'cli may import nothing of activities'],
  ['worker.ts', `import { a } from './cli/main.ts';`, 'worker may import nothing of cli'],
  ['attic/a.ts', 'export const a = 1;', 'attic is no room'],
];

const allowed: [path: string, line: string][] = [
  ['release/a.ts', `import type { Json } from './json.ts';`],
  ['plan/a.ts', `import { kinds } from '../targets/kinds.schema.ts';`],
  ['plan/words.schema.ts', `import { z } from 'zod';`],
  ['targets/kinds.ts', `import { schema } from './postgres/postgres.schema.ts';`],
  ['targets/postgres/a.ts', `import { run } from '../shell/run.ts';`],
  ['targets/postgres/a.ts', `export const pg = () => import('pg');`],
  ['checks/a.ts', `import { run } from '../targets/shell/run.ts';`],
  ['performance/a.ts', `import { systemClock } from '../checks/clock.ts';`],
  ['workflows/a.ts', `import type { Activities } from '../activities/a.ts';`],
  ['workflows/a.ts', `import { approve } from './messages.ts';`],
  ['activities/a.ts', `import { Context } from '@temporalio/activity';`],
  ['client/a.ts', `import { approve } from '../workflows/messages.ts';`],
  ['cli/verbs/a.ts', `import { run } from '../../worker.ts';`],
  ['worker.ts', `import { a } from './activities/a.ts';`],
];

describe('the walls between rooms', () => {
  it.each(breaches)('refuse in %s: %s', (path, line, says) => {
    const [breach, ...more] = breachesOf(path, `// why\n${line}\n`);
    expect(breach?.message).toContain(says);
    expect(breach?.file).toBe(`src/${path}`);
    expect(more).toEqual([]);
  });

  it.each(allowed)('let pass in %s: %s', (path, line) => {
    expect(breachesOf(path, line)).toEqual([]);
  });

  it('have a planted breach for every room', () => {
    const covered = new Set(breaches.map(([, , says]) => says.split(' ')[0]));
    expect(Object.keys(rooms).filter((room) => !covered.has(room))).toEqual([]);
  });

  it('are closed in the real tree', () => {
    const found = breachesIn(project);
    expect(found.breaches).toEqual([]);
    expect(found.files).toBeGreaterThan(40);
  });

  it('end `npm run walls` with 1 and name file and line of a breach', () => {
    const file = join(planted, 'src/workflows/story.ts');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `// a story\nimport { z } from 'zod';\nexport const a = z;\n`);
    const run = (root: string) =>
      spawnSync(process.execPath, ['--import', 'tsx', 'scripts/walls.ts', root], { cwd: project, encoding: 'utf8' });
    const refused = run(planted);
    expect(refused.stderr).toContain('src/workflows/story.ts:2 workflows may not use the package zod');
    expect(refused.status).toBe(1);
    writeFileSync(file, 'export const a = 1;\n');
    expect(run(planted).status).toBe(0);
  });
});
