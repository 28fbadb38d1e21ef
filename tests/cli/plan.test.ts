import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { database, going } from '../report/releases.ts';
import { memoryPlan } from '../support/plans.ts';
import { type Ran, savepoint } from './command.ts';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-cli-plan-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const run = (...words: string[]): Promise<Ran> => savepoint(words, { cwd, env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });

/** The report that a release leaves in the records. */
async function keepReport(folder: string, content: string): Promise<void> {
  const place = join(cwd, 'records', 'shop', 'test', folder);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'report.json'), content);
}

const wentBack = going({
  savepoints: [
    {
      target: 'database',
      kind: 'memory-database',
      release: 'run-1',
      takenAt: '2026-03-07T02:00:00.000Z',
      version: 'v1',
      absent: false,
      heldMs: 0,
      fingerprint: { takenAt: '2026-03-07T02:00:00.000Z', parts: [] },
      state: null,
    },
  ],
  restored: [database],
});

describe('savepoint plan', () => {
  it('prints how long past restores took, and takes no harm from what else lies in the records', async () => {
    await writeFile(join(cwd, 'release.yaml'), stringify(memoryPlan({ application: 'shop' })));
    await keepReport('2026-03-07T02-00-00-000Z-run-1', JSON.stringify(wentBack));
    await keepReport('2026-03-08T02-00-00-000Z-run-2', '{"schemaVersion": 1, "restored"');
    await mkdir(join(cwd, 'records', 'shop', 'test', 'empty'));
    await writeFile(join(cwd, 'records', 'shop', 'test', 'notes.txt'), 'a file');
    const ran = await run('plan');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('  database  2.0 s, users cut off 850 ms (median of the last 1)\n');
    expect(ran.stdout).toContain('  backend   not known yet\n');
    const document = JSON.parse((await run('plan', '--json')).stdout);
    expect(document.schemaVersion).toBe(1);
    expect(document.restores[0]).toEqual({ target: 'database', expected: { ms: 2000, downtimeMs: 850, n: 1 } });
    expect(document.noReturn).toEqual({ of: 'migrate database', at: 'migrate database', may: 'lose rows' });
    expect(document.outlook.map(({ id }: { id: string }) => id)).toContain('deploy frontend');
    const way = document.outlook.find(({ id }: { id: string }) => id === 'deploy frontend').prospects[0].way;
    expect(document.ways.find(({ id }: { id: number }) => id === way).restores).toEqual(['frontend', 'backend']);
  });

  it('is short by default; --all tells every step, every state and every answer', async () => {
    await writeFile(join(cwd, 'release.yaml'), stringify(memoryPlan({ application: 'shop' })));
    const short = (await run('plan')).stdout;
    const all = (await run('plan', '--all')).stdout;
    expect(short).not.toContain('survey backend');
    expect(all).toContain('\n  survey backend again\n');
    expect(all).toContain('point of no return: migrate database; from then on rows may be lost');
    expect(short.split('\n').length).toBeLessThan(all.split('\n').length);
  });

  it.each(['demo-shop', 'minimal'])('explains the example %s', async (name) => {
    expect(await readdir(examples)).toContain(name);
    await cp(join(examples, name, 'release.yaml'), join(cwd, 'release.yaml'));
    const ran = await run('plan');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('Rollback point 1: from the change of ');
    expect(ran.stdout).toContain('Point of no return: ');
  });
});

describe('savepoint decide --up-to', () => {
  it.each([
    ['what is no bound', ['restore-full', '--up-to', 'orders=many'], '"orders=many" is no bound'],
    ['an answer that loses nothing', ['stay', '--up-to', '40'], '"stay" loses no rows, so it takes no --up-to'],
    ['an answer that touches no data', ['restore-code', '--up-to', '0'], '"restore-code" loses no rows'],
  ])('refuses %s before anything is sent', async (_, [choice = '', ...words], says) => {
    const ran = await run('decide', choice, 'release/shop/test', '--by', 'deployment-lead', ...words);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toContain('not reachable');
  });
});
