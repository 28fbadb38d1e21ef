import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { prove } from '../../../src/release/fingerprint.ts';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { debianBin, type Postgres, runSql, startPostgres } from '../../support/postgres.ts';
import { rich } from './rich.ts';
import { type AnySavepoint, appRole, attempt, failureOf, startWorld, type World } from './world.ts';

const there = debianBin !== null;
let server: Postgres;
let world: World;
beforeAll(async () => {
  if (debianBin !== null) server = await startPostgres({ bin: debianBin });
});
afterAll(() => (there ? server.stop() : undefined));
beforeEach(async () => {
  if (there) world = await startWorld(server);
});
afterEach(() => (there ? world.end() : undefined));

const spec = { savepoint: { by: 'dump', directory: './records/savepoints' } };
const save = () => attempt(world.call({ key: 'save', spec }), postgres.save);
const restore = (to: AnySavepoint, key = 'restore') =>
  attempt(world.call({ key, spec }), (call) => postgres.restore(call, to));

describe.runIf(there)('a savepoint by dump', () => {
  test('holds nobody, shows no password, and brings back one of everything', async () => {
    await world.sql(rich);
    const before = await postgres.fingerprint(world.call({ key: 'look' }));
    const connected = new pg.Client({ connectionString: server.url(world.database, appRole) });
    await connected.connect();
    const savepoint = await save();
    expect(savepoint.heldMs).toBe(0);
    expect((await connected.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await connected.end();
    const file = join(world.home, savepoint.state.file ?? '');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(world.home, 'records/savepoints'))).toHaveLength(1);
    await world.sql('drop schema crm cascade; delete from orders; drop view expensive');
    const restored = await restore(savepoint);
    expect(restored.proof).toMatchObject({ differences: [], level: 'content' });
    const after = await postgres.fingerprint(world.call({ key: 'look' }));
    expect(prove(before, after).differences).toEqual([]);
    expect(await world.sql('select count(*)::int as n from orders')).toEqual([{ n: 500 }]);
    expect(await runSql(server.url(world.database, appRole), 'show statement_timeout')).toEqual([
      { statement_timeout: '7s' },
    ]);
  });

  test('is one snapshot while users write: its fingerprint is the dump’s own', async () => {
    let on = true;
    let written = 0;
    const writers = (async () => {
      while (on) {
        await runSql(
          server.url(world.database, appRole),
          'insert into orders (product) select 1 from generate_series(1, 20)',
        );
        written += 20;
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const savepoint = await save();
    on = false;
    await writers;
    const [now] = await world.sql('select count(*)::int as n from orders');
    expect(Number(now?.n)).toBe(500 + written);
    const restored = await restore(savepoint);
    const [back] = await world.sql('select count(*)::int as n from orders');
    expect(savepoint.fingerprint.parts.find((part) => part.name === 'public.orders')?.detail).toBe(`${back?.n} rows`);
    expect(Number(back?.n)).toBeLessThan(Number(now?.n));
    expect(restored.proof.differences).toEqual([]);
  });

  test('that was damaged is refused before anything is touched', async () => {
    const savepoint = await save();
    const file = join(world.home, savepoint.state.file ?? '');
    const bytes = await readFile(file);
    await writeFile(file, Buffer.concat([bytes, Buffer.from('x')]));
    const failure = await failureOf(restore(savepoint));
    expect([failure.kind, failure.message]).toEqual([
      'changed',
      `the dump ${savepoint.state.file} is no longer what was written`,
    ]);
    expect(await world.sql('select count(*)::int as n from orders')).toEqual([{ n: 500 }]);
    await writeFile(file, bytes);
    await restore(savepoint);
  });
});
