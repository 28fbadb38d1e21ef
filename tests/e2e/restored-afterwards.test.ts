import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { launch, type Ran, type Surroundings, savepoint } from '../cli/command.ts';
import { order } from '../crash/real/orders.ts';
import { type Handle, statusOf, until } from '../support/release.ts';
import { ended, eventually, openStage, queueOf, type Stage, type World } from '../support/world.ts';

/** What `savepoint restore` brings back after a release was made, and rows that are kept as files on any way back. */
let stage: Stage;
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage?.stop());

const note = 'alter table items add column note text;';
/** Waits until users have written three rows, however slow the machine is. */
const untilOrdered = `do $$ begin for tenths in 1..600 loop
  exit when (select count(*) >= 3 from items where name like 'order-%'); perform pg_sleep(0.1);
end loop; end $$;`;
const rowsOfUsers = `select name from items where name like 'order-%' order by 1`;

/** A user's terminal: it knows neither the passwords of the worker nor its machine, only where Temporal is. */
const terminal = ({ home }: World): Surroundings => ({
  cwd: home,
  env: {
    TEMPORAL_ADDRESS: stage.temporal.address,
    SAVEPOINT_HOST: 'shared',
    SAVEPOINT_TASK_QUEUE: queueOf('shared'),
    SAVEPOINT_USER: 'deployment-lead',
  },
});

const restore = (world: World, ...words: string[]): Promise<Ran> => savepoint(['restore', ...words], terminal(world));
const because = ['--reason', 'customers complain'];

const newest = ({ application }: World): Handle =>
  stage.temporal.client.workflow.getHandle(`release/${application}/test`) as Handle;

const newestRun = async (world: World): Promise<string> => (await newest(world).describe()).runId;

/** v1 and then v2, which adds a column, are released; v2 is live. */
async function bothReleased(application: string, compatibility: 'backward' | 'breaking') {
  const world = await stage.openWorld(application, 'shared');
  await world.released('v1', { compatibility });
  const v1 = await world.see();
  const seeds = { '0001_v2.sql': `insert into items (name, made_by) values ('second', 'v2')` };
  await world.released('v2', { compatibility }, { seeds, migrations: { '0002_note.sql': note } });
  const v2 = await world.see();
  expect(v2).toMatchObject({ api: '200 v2', page: '200 v2' });
  expect(v2.data?.columns).toContain('items.note text');
  return { world, v1, v2 };
}

/** The rows of users are in a file that nobody else may read, and it loads into the database as it was before. */
async function loads(world: World, files: readonly string[] | undefined): Promise<void> {
  expect(files).toEqual([expect.stringMatching(/^records\/rows\/[^/]+\/database\/rows\.sql$/)]);
  const file = join(world.home, files?.[0] ?? '');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await stage.postgres.sql(await readFile(file, 'utf8'), world.application);
}

async function asked(handle: Handle, rows: number): Promise<string> {
  const isAsked = await until(handle, ({ question }) => question?.losses?.[0]?.loss.rows === rows, 60_000);
  return isAsked.question?.id ?? '';
}

describe('savepoint restore after a release', () => {
  it('brings one target back, refuses what would not run together, and then brings back the rest', async () => {
    const { world, v1, v2 } = await bothReleased('single-backward', 'backward');
    const run = await newestRun(world);
    const unreasoned = await restore(world, 'backend');
    expect(unreasoned).toMatchObject({ code: 2, stdout: '' });
    expect(unreasoned.stderr).toContain("required option '--reason <why>' not specified");
    expect(await newestRun(world)).toBe(run);
    expect(await world.see()).toEqual(v2);

    const backend = await restore(world, 'backend', ...because);
    expect(backend.code, backend.stderr).toBe(3);
    expect(backend.stdout).toContain('restored: backend');
    expect(await world.see()).toEqual({ ...v2, api: '200 v1' });
    expect(world.running()).toEqual(['v1']);

    const database = await restore(world, 'database', ...because);
    expect(database.code, database.stderr).toBe(3);
    expect(database.stdout).toContain('new frontend on the old database');
    expect(await world.see()).toEqual({ ...v2, api: '200 v1' });

    const rest = await restore(world, '--all', ...because);
    expect(rest.code, rest.stderr).toBe(3);
    expect(rest.stdout).toContain('restored: database');
    expect(await world.see()).toEqual(v1);
    expect(world.running()).toEqual(['v1']);
  });

  it('asks about the rows of users, keeps them as files where somebody says so, and restores all', async () => {
    const { world, v1, v2 } = await bothReleased('single-breaking', 'breaking');
    const refused = await restore(world, 'backend', ...because, '--json');
    expect(refused.code, refused.stderr).toBe(3);
    const { outcome, failure } = JSON.parse(refused.stdout);
    expect(outcome).toBe('stopped');
    expect(failure.message).toContain('old backend on the new database');
    expect(await world.see()).toEqual(v2);
    expect(world.running()).toEqual(['v2']);

    for (const name of ['order-1', 'order-2']) expect(await order(world, name)).toBe(true);
    const written = await world.see();
    const following = launch(['restore', '--all', ...because, '--json'], terminal(world));
    const handle = newest(world);
    await eventually(async () => (await statusOf(handle)).question?.losses !== undefined, 'the question');
    expect((await statusOf(handle)).question?.losses?.[0]?.loss.rows).toBe(2);
    expect(await world.see()).toEqual(written);
    const words = ['decide', 'export-and-restore', '--reason', 'they are few'];
    const decided = await savepoint(words, terminal(world));
    expect(decided.code, decided.stderr).toBe(0);
    const { code, stdout, stderr } = await following.ended;
    expect(code, stderr).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'rolled-back', rowsLost: 2 });
    expect(await world.see()).toEqual(v1);
    expect(world.running()).toEqual(['v1']);
    const { restored } = await statusOf(handle);
    await loads(world, restored.find(({ target }) => target === 'database')?.carried?.files);
    expect(await stage.postgres.sql(rowsOfUsers, world.application)).toEqual([
      { name: 'order-1' },
      { name: 'order-2' },
    ]);
  });
});

describe('a release whose migration fails half way while users write', () => {
  it('goes back with the database and keeps their rows as files', async () => {
    const world = await stage.openWorld('exported', 'shared');
    await world.released('v1');
    const before = await world.see();
    await world.write('v2', {
      migrations: { '0002_half.sql': `-- savepoint: no-transaction\n${note} ${untilOrdered} select 1 / 0;` },
    });
    const handle = await world.start('v2');
    await eventually(() => stage.runs('do $$', world.application), 'the migration');
    for (const name of ['order-1', 'order-2', 'order-3']) expect(await order(world, name)).toBe(true);
    const question = await asked(handle, 3);
    const args = { by: 'deployment-lead', question, choice: 'export-and-restore', reason: 'they are few' };
    await handle.executeUpdate(decideUpdate, { args: [args] });
    const result = await ended(handle);
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'migrate database', rowsLost: 3 });
    expect(await world.see()).toEqual(before);
    const { restored } = await statusOf(handle);
    const { carried, loss } = restored.find(({ target }) => target === 'database') ?? {};
    expect(carried).toMatchObject({ into: 'files', carried: 3, left: 0 });
    expect(loss).toMatchObject({ rows: 3, held: true });
    await loads(world, carried?.files);
    expect(await stage.postgres.sql(rowsOfUsers, 'exported')).toHaveLength(3);
  });
});
