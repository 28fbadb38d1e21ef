import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { postgres } from '../../src/targets/postgres/postgres.ts';
import { memoryPlan } from '../support/plans.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Bench, openBench } from '../support/release.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';
import { attempt, startWorld, type World } from '../targets/postgres/world.ts';
import { type Ran, savepoint } from './command.ts';

// Every command is a program of its own.
vi.setConfig({ testTimeout: 120_000 });

let temporal: TemporalForTests;
let bench: Bench;
let server: Postgres;
let world: World;
let superseded = '';
let copy = '';

beforeAll(async () => {
  temporal = await startTemporal();
  bench = await openBench(temporal);
  server = await startPostgres();
});
afterAll(async () => {
  await bench?.stop();
  await temporal?.stop();
  await server?.stop();
});

/** A release that went back, and the plan that it was released by. The application is the database's own. */
beforeEach(async () => {
  world = await startWorld(server);
  const saved = await attempt(world.call({ key: 'save' }), postgres.save);
  await world.sql('update products set price = 0');
  const restored = await attempt(world.call({ key: 'restore' }), (call) => postgres.restore(call, saved));
  superseded = restored.kept ?? '';
  copy = saved.state.copy ?? '';
  const code = { kind: 'memory', world: world.database };
  const database = { kind: 'postgres', url: `\${env:DATABASE_URL}`, writers: ['backend'] };
  await writePlan({ ...memoryPlan({ application: application() }), targets: { database, backend: code } });
  return () => rm(world.home, { recursive: true, force: true });
});

const application = () => world.database.replaceAll('_', '-');
const writePlan = (plan: object) => writeFile(join(world.home, 'release.yaml'), stringify(plan));

function run(...words: string[]): Promise<Ran> {
  const env = { TEMPORAL_ADDRESS: temporal.address, DATABASE_URL: server.url(world.database) };
  return savepoint(['superseded', ...words], { cwd: world.home, env });
}
const why = ['--by', 'product-owner', '--reason', 'nobody asked for its rows'];
const databases = async () =>
  (await server.sql(`select datname as name from pg_database where datname like '${world.database}%' order by 1`)).map(
    ({ name }) => name,
  );
const all = () => [world.database, copy, superseded].sort();

describe('what releases keep, from the command line', () => {
  it('is listed for people and for scripts, and shows no password', async () => {
    const shown = await run('list');
    expect(shown, shown.stderr).toMatchObject({ code: 0 });
    expect(shown.stdout).toContain(`database/${superseded}`);
    expect(shown.stdout).toMatch(/superseded +00000000-.* +20\d\d-.* MB/);
    const { kept, notRead } = JSON.parse((await run('list', '--json')).stdout);
    expect(notRead).toEqual([]);
    expect(kept).toMatchObject([
      { target: 'database', name: copy, what: 'savepoint', level: 'content' },
      { target: 'database', name: superseded, what: 'superseded' },
    ]);
    expect(shown.stdout + shown.stderr).not.toContain('super-Secret');
  });

  it('is discarded by a person with a reason, and the records say who, why and what it was', async () => {
    const ran = await run('discard', `database/${superseded}`, ...why, '--now', '--json');
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(await databases()).toEqual([world.database, copy]);
    const { file } = JSON.parse(ran.stdout);
    const folder = join(world.home, 'records', application(), 'test', 'discarded');
    expect((await readdir(folder)).map((name) => join(folder, name))).toEqual([file]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      target: 'database',
      name: superseded,
      what: 'superseded',
      level: 'unproved',
      bytes: expect.any(Number),
      by: 'product-owner',
      reason: 'nobody asked for its rows',
      discardedAt: expect.stringMatching(/^20/),
    });
  });

  it('stays where the name, the reason, the age or the plan is not good enough', async () => {
    const refusals: [string[], number, string][] = [
      [['discard', world.database, ...why, '--now'], 2, 'is nothing that releases left behind'],
      [['discard', `backend/${superseded}`, ...why, '--now'], 2, 'is nothing that releases left behind'],
      [['discard', superseded, '--by', 'product-owner', '--now'], 2, "required option '--reason <why>' not specified"],
      [['discard', superseded, '--by', 'product-owner', '--reason', ' ', '--now'], 2, 'a reason is needed'],
      [['discard', superseded, '--reason', 'x', '--now'], 2, 'it is not clear who you are'],
      [['discard', superseded, ...why], 4, 'younger than 7 d'],
      [['discard', superseded, ...why, '--older-than', 'soon'], 2, 'It must be an age such as 7d or 12h.'],
      [['discard', superseded, ...why, '--now', '--plan', 'nowhere.yaml'], 2, 'there is no plan at nowhere.yaml'],
    ];
    const ran = await Promise.all(refusals.map(([words]) => run(...words)));
    for (const [index, [words, code, said]] of refusals.entries()) {
      expect(ran[index], words.join(' ')).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(said) });
    }
    expect(await databases()).toEqual(all());
    expect(await readdir(world.home)).not.toContain('records');
  });

  it('stays while somebody is in it, and while Temporal cannot be asked whether a release needs it', async () => {
    const reader = new pg.Client({ connectionString: server.url(superseded), application_name: 'looking' });
    reader.on('error', () => undefined);
    await reader.connect();
    const used = await run('discard', superseded, ...why, '--now');
    expect(used).toMatchObject({ code: 4, stderr: expect.stringContaining('looking') });
    await reader.end();
    const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', DATABASE_URL: server.url(world.database) };
    const alone = await savepoint(['superseded', 'discard', superseded, ...why, '--now'], { cwd: world.home, env });
    expect(alone.code).toBe(7);
    expect(await databases()).toEqual(all());
  });

  it('stays while a release of the environment may need it; what was replaced before that release may go', async () => {
    const other = join(world.home, 'other.yaml');
    await writeFile(other, stringify(memoryPlan({ application: application() })));
    const env = { TEMPORAL_ADDRESS: temporal.address };
    const words = ['start', 'v2', '--plan', other, '--by', 'deployment-lead', '--detach'];
    const started = await savepoint(words, { cwd: world.home, env });
    expect(started.code, started.stderr).toBe(5);
    const needed = await run('discard', copy, ...why, '--now');
    expect(needed).toMatchObject({ code: 4, stderr: expect.stringContaining('may still be needed: release/') });
    expect(await databases()).toEqual(all());
    const past = await run('discard', superseded, ...why, '--now');
    expect(past, past.stderr).toMatchObject({ code: 0 });
    const id = `release/${application()}/test`;
    await temporal.client.workflow.getHandle(id).terminate('to leave it dirty');
    const dirty = await run('discard', copy, ...why, '--now');
    expect(dirty).toMatchObject({ code: 4, stderr: expect.stringContaining('was left dirty') });
    expect(await databases()).toEqual([world.database, copy]);
  });

  it('says which targets could not be asked, and why', async () => {
    const env = { TEMPORAL_ADDRESS: temporal.address };
    const ran = await savepoint(['superseded', 'list', '--json'], { cwd: world.home, env });
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      kept: [],
      notRead: [{ target: 'database', why: expect.stringContaining(`\${env:DATABASE_URL}`) }],
    });
  });
});
