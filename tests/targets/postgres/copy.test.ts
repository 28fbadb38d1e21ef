import { expect, test } from 'vitest';
import { startPostgres } from '../../support/postgres.ts';
import { wayBackOf } from './way-back.ts';
import { startWorld } from './world.ts';

test('a big database is copied by its files: the log does not grow by it, and the copy is the same', async () => {
  const server = await startPostgres();
  const world = await startWorld(server);
  try {
    await world.sql(`create table big (id int primary key, v text);
      insert into big select i, repeat(chr(65 + i % 26), 1900) from generate_series(1, 150000) i`);
    // Else the first reading of each copy would note in every page, and in the log, that its rows are there.
    await world.sql('vacuum big');
    const written = async () =>
      Number((await world.sql(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as bytes`))[0]?.bytes);
    const way = wayBackOf(world);
    const before = await written();
    const savepoint = await way.save();
    await world.sql('delete from big where id = 7; insert into orders (product) values (1)');
    await way.beside(savepoint);
    await way.hold();
    expect((await way.loss(savepoint)).rows).toBe(2);
    expect((await way.restore(savepoint)).proof).toMatchObject({ level: 'content', differences: [] });
    // Two copies of 290 MB were made.
    expect((await written()) - before).toBeLessThan(50e6);
    expect(await world.sql('select count(*)::int as n from big')).toEqual([{ n: 150_000 }]);
  } finally {
    await world.end();
    await server.stop();
  }
}, 180_000);
