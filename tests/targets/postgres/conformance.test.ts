import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresSpec } from '../../../src/targets/postgres/postgres.schema.ts';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import type { PostgresState } from '../../../src/targets/postgres/savepoints.ts';
import type { PostgresChange } from '../../../src/targets/postgres/sql-files.ts';
import {
  conformance,
  conformanceCases,
  failingCases,
  type MakeWorld,
  withoutRestore,
} from '../../support/conformance.ts';
import { type Postgres, startPostgres } from '../../support/postgres.ts';
import { startWorld } from './world.ts';

const changing = /statement: (create table (colours|sizes)|alter database .* rename)/;

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

/** Cases use the same keys, and what a key did is remembered by the server: each begins without that memory. */
const makeWorld: MakeWorld<PostgresSpec, PostgresState, PostgresChange> = async (first) => {
  await server.sql('drop database if exists savepoint with (force)');
  const earlier = (await server.log()).split('\n').length;
  const world = await startWorld(server, { empty: first === 'absent' });
  await world.write('migrations/1_colours.sql', 'create table colours (id int primary key, name text not null);');
  await world.write('seeds/1_sizes.sql', 'create table sizes (id int);');
  await world.write('broken/1.sql', '-- savepoint: no-transaction\ncreate table colours (id int); select 1 / 0;');
  const specOf = (spec: Record<string, unknown>) => world.call({ spec }).spec;
  const columns = `select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2`;
  return {
    kind: postgres,
    spec: specOf({ migrate: { directory: './migrations' }, seed: { directory: './seeds' } }),
    home: world.home,
    version: 'v2',
    oneAttempt: true,
    changes: ['migrate', 'seed'],
    observe: async () => JSON.stringify(await world.sql(columns).catch(() => 'nothing')),
    effects: async () =>
      (await server.log())
        .split('\n')
        .slice(earlier)
        .filter((line) => changing.test(line)),
    half: { spec: specOf({ migrate: { directory: './broken' } }), change: 'migrate', version: 'v3' },
    secrets: ['super-Secret'],
    close: () => world.end(),
  };
};

conformance('postgres', makeWorld);

describe('the conformance suite on a database', () => {
  it('fails for a target whose restore does nothing', async () => {
    const failed = await failingCases(conformanceCases(withoutRestore(makeWorld)).slice(0, 4));
    expect(failed).toEqual([
      'brings back what users saw after a finished change',
      'brings back what users saw after a change that stopped half way',
      'brings back nothing where there was nothing',
    ]);
  }, 60_000);
});
