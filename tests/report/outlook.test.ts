import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';
import { outlook } from '../../src/report/outlook.ts';
import { memoryPlan } from '../support/plans.ts';

/** Step → what each of its failures leads to, for a plan over `memory` targets. */
async function leadsTo(database: object): Promise<Record<string, string[]>> {
  const home = await mkdtemp(join(tmpdir(), 'savepoint-outlook-'));
  try {
    const file = join(home, 'release.yaml');
    await writeFile(file, stringify(memoryPlan({ application: 'shop', database })));
    const loaded = await loadPlan(file, 'v2', { host: 'test' });
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    const steps = outlook(loaded.plan).map(({ id, prospects }) => [
      id,
      prospects.map((prospect) => `${prospect.when} → ${prospect.leadsTo}`),
    ]);
    return Object.fromEntries(steps);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

describe('what plan tells before anything has failed', () => {
  it('a backward migration: code goes back alone, and the database asks before it loses rows', async () => {
    const found = await leadsTo({ compatibility: 'backward' });
    expect(found['snapshot database']).toEqual(['it fails → stops; nothing was changed']);
    expect(found['migrate database']).toEqual([
      'it fails and database equals its savepoint → restores nothing; database is proved unchanged',
      'it fails and database differs from its savepoint → asks: restore-database, stay (silence: people are paged)',
    ]);
    expect(found['deploy backend']).toEqual(['it fails → restores backend (code)']);
    expect(found['deploy frontend']).toEqual(['it fails → restores frontend, backend (code)']);
  });

  it('a breaking migration: writers are held, so the database goes back by itself until they are let in', async () => {
    const found = await leadsTo({ compatibility: 'breaking' });
    expect(found['migrate database']?.[1]).toBe(
      'it fails and database differs from its savepoint → restores database (database)',
    );
    expect(found['deploy frontend']?.[0]).toContain('asks: restore-full');
  });
});
