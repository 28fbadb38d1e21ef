import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AwsRdsSpec } from '../../../src/targets/aws-rds/aws-rds.schema.ts';
import { awsRds } from '../../../src/targets/aws-rds/aws-rds.ts';
import type { RdsState } from '../../../src/targets/aws-rds/state.ts';
import type { PostgresChange } from '../../../src/targets/postgres/sql-files.ts';
import type { AwsWorld } from '../../support/aws/world.ts';
import { conformanceCases, failingCases, type MakeWorld, withoutRestore } from '../../support/conformance.ts';
import { openAws, openShop, skip } from './world.ts';

let aws: AwsWorld;
beforeAll(async () => {
  if (skip === undefined) aws = await openAws();
});
afterAll(() => aws?.stop());

const columns = `select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2`;

const makeWorld: MakeWorld<AwsRdsSpec, RdsState, PostgresChange> = async (first) => {
  const shop = await openShop(aws, { empty: first === 'absent' });
  await shop.write('broken/1.sql', '-- savepoint: no-transaction\ncreate table half (id int); select 1 / 0;');
  const { spec } = shop.call();
  const sql = (text: string) => shop.sql(text).catch(() => []);
  const began = aws.ledger.effects().length;
  return {
    kind: awsRds,
    spec,
    home: shop.home,
    version: 'v2',
    oneAttempt: true,
    changes: ['migrate', 'seed'],
    observe: async () => JSON.stringify(await sql(columns)),
    effects: async () => [
      ...aws.ledger
        .effects()
        .slice(began)
        // Snapshots and what is made beside are no effects that users could see.
        .filter(({ parameters }) => parameters.NewDBInstanceIdentifier !== undefined)
        .map(
          ({ parameters }) =>
            `${String(parameters.DBInstanceIdentifier)} → ${String(parameters.NewDBInstanceIdentifier)}`,
        ),
      ...(await sql('select name from savepoint.savepoint_migrations order by 1')).map(({ name }) => String(name)),
      ...(await sql('select datname from pg_database where not datistemplate order by 1')).map(({ datname }) =>
        String(datname),
      ),
    ],
    half: { spec: shop.call({ spec: { migrate: { directory: './broken' } } }).spec, change: 'migrate', version: 'v3' },
    secrets: ['A-secret/of-1'],
    close: () => shop.end(),
  };
};

describe.skipIf(skip !== undefined)('aws-rds keeps the promises of a target', () => {
  for (const { title, run } of conformanceCases(makeWorld)) it(title, run, 60_000);

  it('fails the suite when its restore does nothing', async () => {
    const [first, , , nothing] = conformanceCases(withoutRestore(makeWorld));
    const failed = await failingCases([first, nothing].filter((each) => each !== undefined));
    expect(failed).toEqual([
      'brings back what users saw after a finished change',
      'brings back nothing where there was nothing',
    ]);
  }, 60_000);
});
