import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shortRelease } from '../../../src/release/naming.ts';
import type { Kept } from '../../../src/release/target.ts';
import { derivedFrom } from '../../../src/targets/postgres/names.ts';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { debianBin, type Postgres, startPostgres } from '../../support/postgres.ts';
import { type AnySavepoint, attempt, failureOf, startWorld, type Wanted, type World } from './world.ts';

let server: Postgres;
let world: World;
beforeAll(async () => {
  // With pg_dump where there is one.
  server = await startPostgres(debianBin === null ? {} : { bin: debianBin });
});
afterAll(() => server.stop());
beforeEach(async () => {
  world = await startWorld(server);
});
afterEach(() => world.end());

const call = (verb: string, wanted: Wanted = {}) => world.call({ key: verb, ...wanted });
const save = (wanted: Wanted = {}) => attempt(call('save', wanted), postgres.save);
const restore = (to: AnySavepoint) => attempt(call('restore'), (one) => postgres.restore(one, to));
const kept = (wanted: Wanted = {}): Promise<Kept[]> =>
  (postgres.kept ?? Promise.reject)(call('kept', { fence: 0, ...wanted }));
const discard = (name: string, wanted: Wanted = {}) =>
  attempt(call('discard', { fence: 0, ...wanted }), (one) => (postgres.discard ?? Promise.reject)(one, name));
const databases = async () =>
  (await server.sql(`select datname as name from pg_database where datname like '${world.database}%' order by 1`)).map(
    ({ name }) => String(name),
  );

/** One release that went back: the replaced database and the savepoint are left. */
async function wentBack(): Promise<{ superseded: string; copy: string; release: string }> {
  const savepoint = await save();
  await world.sql('update products set price = 0');
  const { kept: superseded } = await restore(savepoint);
  return { superseded: superseded ?? '', copy: savepoint.state.copy ?? '', release: savepoint.release };
}

describe('what releases keep of a database', () => {
  test('is listed with release, date, size, owner and level, and the rows are still there', async () => {
    const { superseded, copy, release } = await wentBack();
    const listed = await kept();
    const recently = expect.stringMatching(/^20\d\d-/);
    const both = { release, since: recently, bytes: expect.any(Number), owner: 'shop_owner', obstacle: null };
    expect(listed).toEqual([
      { ...both, name: copy, what: 'savepoint', level: 'content', owner: 'postgres' },
      { ...both, name: superseded, what: 'superseded', level: 'unproved' },
    ]);
    expect(await world.sql('select sum(price)::int as sum from products', superseded)).toEqual([{ sum: 0 }]);
    const [said] = await server.sql(
      `select shobj_description(oid, 'pg_database') as said from pg_database where datname = '${superseded}'`,
    );
    expect(said?.said).toMatch(
      new RegExp(`release ${release} at 20.* UTC; .*owner shop_owner.*savepoint superseded discard ${superseded} --by`),
    );
  });

  test('is discarded by its name, one at a time, and nothing else', async () => {
    const { superseded, copy } = await wentBack();
    expect(await discard(superseded)).toMatchObject({ name: superseded, what: 'superseded' });
    expect(await databases()).toEqual([world.database, copy]);
    expect(await failureOf(discard(superseded))).toMatchObject({ kind: 'not-found' });
    await discard(copy);
    expect(await databases()).toEqual([world.database]);
    expect(await world.sql('select count(*)::int as n from orders')).toEqual([{ n: 500 }]);
    expect(await kept()).toEqual([]);
  });

  test('is never the database itself, another one’s, one that only has such a name, or a file elsewhere', async () => {
    const short = shortRelease('00000000-0000-7000-8000-00001234abcd');
    const stranger = `${world.database}_superseded_${short}`;
    const others = `${world.database}2_superseded_${short}`;
    for (const name of [stranger, others]) await server.sql(`create database ${name}`);
    expect(await kept()).toMatchObject([
      { name: stranger, obstacle: expect.stringContaining('nothing says that Savepoint made it') },
    ]);
    expect(await failureOf(discard(stranger))).toMatchObject({ kind: 'refused' });
    await world.write('records/savepoints/other.dump', 'x');
    for (const name of [
      world.database,
      others,
      'postgres',
      'savepoint',
      '',
      '../plan.yaml',
      'other.dump',
      `${world.database}_sp_%`,
    ]) {
      expect(await failureOf(discard(name)), name).toMatchObject({ kind: 'not-found' });
    }
    expect(await databases()).toEqual([world.database, others, stranger].sort());
    for (const name of [stranger, others]) await server.sql(`drop database ${name}`);
  });

  test('is not discarded while somebody is in it, and says who', async () => {
    const { superseded } = await wentBack();
    const reader = new pg.Client({ connectionString: server.url(superseded), application_name: 'looking' });
    await reader.connect();
    expect(await failureOf(discard(superseded))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('postgres (looking)'),
    });
    expect((await reader.query('select count(*)::int as n from orders')).rows).toEqual([{ n: 500 }]);
    await reader.end();
    await expect.poll(async () => (await kept()).find(({ name }) => name === superseded)?.obstacle).toBeNull();
    await discard(superseded);
  });

  test('waits for a verb at work on the database, ends nobody’s attempt, and gives the lock back', async () => {
    const { superseded, copy } = await wentBack();
    const fences = await server.sql('select * from savepoint.fences order by 1', 'savepoint');
    const busy = new pg.Client({ connectionString: server.url('savepoint') });
    await busy.connect();
    await busy.query(`select pg_advisory_lock(7236002, hashtext('${world.database}'))`);
    const waiting = discard(superseded);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await databases()).toContain(superseded);
    await busy.end();
    await waiting;
    await discard(copy);
    expect(await server.sql('select * from savepoint.fences order by 1', 'savepoint')).toEqual(fences);
    await save({ key: 'next' });
  });

  test('shows what an interrupted restore left beside', async () => {
    const savepoint = await save();
    const beside = `${world.database}_beside_${shortRelease(savepoint.release)}`;
    await server.sql(`create database ${beside}`);
    await server.sql(
      `insert into savepoint.restores (key, database, release, beside) values ('lost ${world.database}', '${world.database}', '${savepoint.release}', '${beside}')`,
      'savepoint',
    );
    expect(await kept()).toContainEqual(expect.objectContaining({ name: beside, what: 'unfinished', obstacle: null }));
    await discard(beside);
    expect(await databases()).not.toContain(beside);
  });

  test.runIf(debianBin !== null)('covers dump files, and only those of this database', async () => {
    const spec = { savepoint: { by: 'dump' } };
    const savepoint = await save({ spec });
    const [file] = await readdir(join(world.home, 'records/savepoints'));
    expect(await kept({ spec })).toMatchObject([
      { name: file, what: 'savepoint', release: savepoint.release, level: 'content', bytes: expect.any(Number) },
    ]);
    await world.write('records/savepoints/shop2_sp_00000000.dump', 'x');
    await discard(file ?? '', { spec });
    expect(await readdir(join(world.home, 'records/savepoints'))).toEqual(['shop2_sp_00000000.dump']);
  });
});

test('a name is taken for a copy only of the very database that would give it', () => {
  expect(derivedFrom('shop_sp_1a2b3c4d', 'shop')).toEqual({ made: 'sp', release: '1a2b3c4d' });
  expect(derivedFrom('shop_superseded_1a2b3c4d_2', 'shop')).toEqual({ made: 'superseded', release: '1a2b3c4d' });
  expect(derivedFrom('shop2_sp_1a2b3c4d', 'shop')).toBeNull();
  expect(derivedFrom('shop', 'shop')).toBeNull();
  expect(derivedFrom('shop_sp_1a2b3c4d', 'shop_sp_1a2b3c4d')).toBeNull();
  expect(derivedFrom('shop_scratch_1a2b3c4d_superseded_1a2b3c4d', 'shop')).toEqual({
    made: 'scratch',
    release: '1a2b3c4d',
  });
  const long = 'a'.repeat(60);
  expect(derivedFrom(`${'a'.repeat(41)}_00000000_sp_1a2b3c4d`, long)).toBeNull();
});
