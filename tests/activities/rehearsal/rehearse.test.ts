import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RehearseInput } from '../../../src/activities/inputs.ts';
import { provesBackward, type Rehearsal } from '../../../src/release/rehearsal.ts';
import { type Postgres, startPostgres } from '../../support/postgres.ts';
import { check, openRehearsal, type RehearsalWorld, type Trying } from './world.ts';

vi.setConfig({ testTimeout: 120_000 });

let server: Postgres;
const worlds: RehearsalWorld[] = [];
beforeAll(async () => {
  server = await startPostgres();
});
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});
afterAll(() => server.stop());

async function open(trying: Trying): Promise<RehearsalWorld> {
  const world = await openRehearsal(server, trying);
  worlds.push(world);
  return world;
}

/** Rehearses, and sees that users have noticed nothing and nothing is left. */
async function rehearsed(trying: Trying): Promise<Rehearsal> {
  const world = await open(trying);
  return await rehearsedIn(world);
}

async function rehearsedIn(world: RehearsalWorld, more: Partial<RehearseInput> = {}): Promise<Rehearsal> {
  const before = (await world.fingerprint()).parts;
  const said = (await server.log()).length;
  const rehearsal = await world.rehearse(more);
  const log = (await server.log()).slice(said).split('\n');
  expect(log.filter((line) => line.includes(`|${world.database} `) && line.includes('savepoint/'))).toEqual([]);
  expect((await world.fingerprint()).parts).toEqual(before);
  expect(await world.left()).toEqual([]);
  return rehearsal;
}

const failures = ({ findings }: Rehearsal): string[] =>
  findings.filter(({ status }) => status === 'FAIL').map(({ what }) => what);
const names = ({ parts }: Rehearsal): string[] => parts.map(({ name }) => name);
const note = { '0002_note.sql': 'alter table items add column note text' };
const migrator = (work: string): string => `
import pg from 'pg';
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
${work}
await client.end();
`;

describe('a rehearsal', () => {
  it('of a good release tells durations and locks, and proves that the previous version runs on the new schema', async () => {
    const noted = { read: 'select name, note from items', write: `insert into items (name, note) values ('new', 'x')` };
    const rehearsal = await rehearsed({
      migrations: note,
      seeds: { '1.sql': `insert into items (name) values ('seed')` },
      versions: { v2: noted },
    });
    expect(failures(rehearsal)).toEqual([]);
    expect(rehearsal.verdict).toBe('PASS');
    expect(names(rehearsal)).toEqual([
      'copy',
      'migrate',
      'migrate again',
      'seed',
      'previous version',
      'new version writes',
      'previous version again',
      'way back',
    ]);
    expect(rehearsal.parts.every(({ ms }) => ms > 0)).toBe(true);
    expect(rehearsal.statements).toContainEqual({
      text: note['0002_note.sql'],
      tag: 'ALTER TABLE',
      by: expect.stringContaining('savepoint/database/'),
      ms: expect.any(Number),
      locks: [{ table: 'public.items', mode: 'AccessExclusiveLock' }],
      rewrote: [],
    });
    expect(provesBackward(rehearsal)).toBe(true);
    expect(JSON.stringify(rehearsal)).not.toMatch(/Secret/);
  });

  it('of the migration alone proves nothing of the code', async () => {
    const rehearsal = await rehearsed({ migrations: note, rehearsal: { service: null } });
    expect([rehearsal.verdict, provesBackward(rehearsal)]).toEqual(['PASS', false]);
    expect(names(rehearsal)).toEqual(['copy', 'migrate', 'migrate again', 'way back']);
  });

  it('catches a migration that works on an empty copy and fails on the data', async () => {
    const rehearsal = await rehearsed({
      migrations: {
        '0002_price.sql': '-- Every item has a price.\nalter table items\n  alter column price set not null;',
      },
    });
    expect(failures(rehearsal)).toEqual([
      expect.stringContaining(
        '0002_price.sql, line 2, statement 1 of 1: column "price" of relation "items" contains null values',
      ),
    ]);
    expect(names(rehearsal)).toEqual(['copy', 'migrate']);
  });

  it('catches a migration that is not what the plan says of repeating it', async () => {
    const program = migrator(`await client.query("insert into items (name) values ('again')");`);
    const command = { command: ['node', 'migrate.mjs'] };
    const world = await open({ migrate: { ...command, repeatable: true } });
    await world.write('migrate.mjs', program);
    const claimed = await rehearsedIn(world);
    expect(failures(claimed)).toEqual([
      expect.stringMatching(/^not safe to repeat: the second run changes public\.items \(51 rows → 52 rows\)/),
    ]);
    const other = await open({ migrate: command });
    await other.write('migrate.mjs', program);
    const told = await rehearsedIn(other);
    expect(told.verdict).toBe('WARN');
    expect(told.findings.find(({ status }) => status === 'WARN')?.what).toContain('not safe to repeat');
    // What follows saw the copy as users would: migrated once.
    expect(provesBackward(told)).toBe(true);
    expect(names(told).slice(0, 4)).toEqual(['copy', 'migrate', 'migrate again', 'copy']);
  });

  it('catches a program that migrates twice with an error', async () => {
    const world = await open({ migrate: { command: ['node', 'migrate.mjs'], repeatable: true } });
    await world.write('migrate.mjs', migrator(`await client.query('alter table items add column note text');`));
    expect(failures(await rehearsedIn(world))).toEqual([
      expect.stringContaining('not safe to repeat: the second run fails: node migrate.mjs ended with 1'),
    ]);
  });

  it('judges what a program migrated by the schema before and after', async () => {
    const world = await open({ migrate: { command: ['node', 'migrate.mjs'] }, rehearsal: { service: null } });
    await world.write(
      'migrate.mjs',
      migrator(`for (const sql of ['alter table items drop column if exists price', 'alter table items alter column id type bigint',
        'create index if not exists items_name on items (name)']) await client.query(sql);`),
    );
    const rehearsal = await rehearsedIn(world);
    expect(failures(rehearsal).sort()).toEqual([
      'changed-key-type: the primary key public.items.id is bigint instead of integer: alter table items alter column id type bigint',
      'dropped-column: public.items.price is gone: alter table items drop column if exists price',
    ]);
    expect(rehearsal.statements.find(({ text }) => text.includes('bigint'))?.rewrote).toEqual(['public.items']);
  });

  it('catches a way back that leaves a difference', async () => {
    const world = await open({ migrate: { command: ['node', 'migrate.mjs'] }, rehearsal: { service: null } });
    await world.write(
      'migrate.mjs',
      migrator(`await client.query('alter table items add column if not exists note text');`),
    );
    // Somebody opens the saved copy and works in it: what would come back is not what was saved.
    const copy = world.savepoint.state.copy ?? '';
    await server.sql(`alter database ${copy} allow_connections true`);
    await server.sql('update items set price = 0 where id = 1', copy);
    await server.sql(`alter database ${copy} allow_connections false`);
    const rehearsal = await rehearsedIn(world);
    expect(failures(rehearsal)).toEqual([
      expect.stringMatching(/^the way back does not bring back the savepoint: .*public\.items/s),
    ]);
  });

  it('catches a migration whose effect on the server no way back undoes', async () => {
    const world = await open({ migrate: { command: ['node', 'migrate.mjs'] }, rehearsal: { service: null } });
    await server.sql('create role helper_of_rehearsal');
    await server.sql('grant select on items to helper_of_rehearsal', world.database);
    await world.write(
      'migrate.mjs',
      migrator(
        `await client.query('drop owned by helper_of_rehearsal; alter role helper_of_rehearsal rename to renamed_helper');`,
      ),
    );
    const rehearsal = await world.rehearse();
    expect(rehearsal.findings.map(({ what }) => what)).toContain(
      'server-wide: roles changed while the migration was tried: no savepoint brings that back',
    );
    await server.sql('drop owned by renamed_helper', world.database);
    expect(await world.left()).toEqual([]);
  });

  it('catches a previous version that breaks on the new schema', async () => {
    const rehearsal = await rehearsed({
      migrations: { '2.sql': 'do $$ begin alter table items rename column name to title; end $$' },
      versions: { v2: { read: 'select title as name from items', write: `insert into items (title) values ('new')` } },
      compatibility: { backward: false, forward: false },
    });
    expect(failures(rehearsal)).toEqual([
      'previous version of backend on the migrated copy: items are shown: status is 500, expected 2xx',
    ]);
    expect(names(rehearsal).slice(-2)).toEqual(['previous version', 'way back']);
    expect(provesBackward(rehearsal)).toBe(false);
  });

  it('catches a previous version that does not even start', async () => {
    const rehearsal = await rehearsed({
      migrations: { '2.sql': 'do $$ begin alter table items drop column price; end $$' },
      versions: { v1: { start: 'select price from items limit 1' } },
      compatibility: { backward: false, forward: false },
    });
    expect(failures(rehearsal)).toEqual([
      expect.stringMatching(
        /^previous version of backend on the migrated copy: backend v1 ended while it started.*errorMissingColumn/,
      ),
    ]);
  });

  it('catches a previous version that breaks only on what the new version wrote', async () => {
    const rehearsal = await rehearsed({
      migrations: { '2.sql': 'alter table items alter column name drop not null' },
      versions: {
        v2: { read: `select coalesce(name, '') as name from items`, write: 'insert into items (price) values (1)' },
      },
    });
    expect(failures(rehearsal)).toEqual([
      'previous version again of backend on the migrated copy: items are shown: status is 500, expected 2xx',
    ]);
    expect(rehearsal.parts.find(({ name }) => name === 'previous version')?.checks.map(({ status }) => status)).toEqual(
      ['PASS'],
    );
  });

  it('catches code that changes the schema when it starts', async () => {
    const rehearsal = await rehearsed({
      migrations: note,
      versions: {
        v1: { start: `do $$ begin execute 'create table visits_' || floor(random() * 1e9)::bigint || ' ()'; end $$` },
      },
    });
    expect(failures(rehearsal)).toEqual([
      expect.stringMatching(
        /^previous version of backend on the migrated copy changes the schema when it starts \(.*relations.*\): do \$\$ begin execute 'create table visits_/,
      ),
    ]);
  });

  it('asks the checks of the plan on the copy, and leaves out those that ask something else', async () => {
    const sql = (query: string, value: number, url: string) =>
      check(query, { url, query, timeout: 5_000, expect: { value } }, 'sql');
    const world = await open({ migrations: { '2.sql': 'update items set price = 99' }, rehearsal: { service: null } });
    const own = server.url(world.database);
    const checks = [
      sql('select min(price) from items', 99, own),
      sql('select max(price) from items', 1, own),
      sql('select count(*) from pg_database', -1, server.url()),
    ];
    const rehearsal = await rehearsedIn(world, { changes: [{ change: 'migrate', checks }] });
    expect(failures(rehearsal)).toEqual(['after migrate: select max(price) from items: value is 99, expected 1']);
    expect(rehearsal.parts.find(({ name }) => name === 'verify')?.checks.map(({ status }) => status)).toEqual([
      'PASS',
      'FAIL',
    ]);
    expect(rehearsal.findings.find(({ status }) => status === 'PASS')?.what).toContain(
      'asks something else than the copy',
    );
  });

  it('says when the variable of the service leads elsewhere', async () => {
    const rehearsal = await rehearsed({ migrations: note, rehearsal: { variable: 'PATH' } });
    expect(failures(rehearsal)).toEqual([expect.stringContaining('PATH of backend does not lead to database')]);
  });

  it('tries the new version alone where none runs yet', async () => {
    const rehearsal = await rehearsed({ migrations: note, first: true });
    expect([rehearsal.verdict, provesBackward(rehearsal)]).toEqual(['PASS', false]);
    expect(names(rehearsal).slice(-3)).toEqual(['previous version', 'new version writes', 'way back']);
  });

  it('is made again by the next worker when one is killed, and nothing is left of either', async () => {
    const world = await open({ migrations: note, versions: { v1: { start: 'select pg_sleep(1.5)' } } });
    const input = world.input();
    const tsx = import.meta.resolve('tsx');
    const script = fileURLToPath(new URL('./attempt.ts', import.meta.url));
    const worker = spawn(process.execPath, ['--import', tsx, script, JSON.stringify(input)], { stdio: 'ignore' });
    const gone = once(worker, 'exit');
    for (let left: string[] = []; !left.some((each) => each.startsWith('process')); left = await world.left()) {
      expect(worker.exitCode).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    worker.kill('SIGKILL');
    await gone;
    expect((await world.left()).length).toBeGreaterThan(1);
    const rehearsal = await rehearsedIn(world, { fence: input.fence + 1 });
    expect([rehearsal.verdict, provesBackward(rehearsal)]).toEqual(['PASS', true]);
  });

  it('leaves nothing behind when it is cancelled, wherever it is', async () => {
    for (const pauseMs of [50, 400, 900, 1_800]) {
      const world = await open({ migrations: { ...note, '3.sql': 'select pg_sleep(1)' } });
      const ended = world.rehearse({}, async (cancel) => {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        cancel();
      });
      await expect(ended).rejects.toThrow();
      expect([pauseMs, await world.left()]).toEqual([pauseMs, []]);
    }
  });
});
