import { DeleteDBSnapshotCommand, DescribeDBSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AwsRdsSpec } from '../../../src/targets/aws-rds/aws-rds.schema.ts';
import { awsRds } from '../../../src/targets/aws-rds/aws-rds.ts';
import type { RdsState } from '../../../src/targets/aws-rds/state.ts';
import type { PostgresChange } from '../../../src/targets/postgres/sql-files.ts';
import type { AwsWorld } from '../../support/aws/world.ts';
import { conformanceCases, failingCases, type MakeWorld, withoutRestore } from '../../support/conformance.ts';
import { hold, openAws, openShop, skip } from './world.ts';

let aws: AwsWorld;
beforeAll(async () => {
  if (skip === undefined) aws = await openAws();
});
afterAll(() => aws?.stop());

async function forgetSnapshots(): Promise<void> {
  const rds = new RDSClient(aws.direct);
  const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({}));
  for (const { DBSnapshotIdentifier } of DBSnapshots) {
    await rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));
  }
}

const columns = `select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2`;

const makeWorld: MakeWorld<AwsRdsSpec, RdsState, PostgresChange> = async (first) => {
  const shop = await openShop(aws, { empty: first === 'absent' });
  await shop.write('broken/1.sql', '-- savepoint: no-transaction\ncreate table half (id int); select 1 / 0;');
  if (first === 'absent') {
    await shop.write('migrations/1_colours.sql', 'create table colours (id int primary key, name text not null);');
    await shop.write('seeds/1_colours.sql', `insert into colours values (1, 'red');`);
  }
  const { spec } = shop.call();
  const sql = (text: string) => shop.sql(text).catch(() => []);
  // With writers held the savepoint tells of every row, so that everything about it can be compared.
  if (first === 'running') await hold(shop, { fence: 1 });
  const began = aws.ledger.effects().length;
  const seen = new Set<string>();
  /** Snapshots and what is made beside are nothing that users could see. */
  const effects = async (): Promise<string[]> => {
    for (const { parameters } of aws.ledger.effects().slice(began)) {
      const { DBInstanceIdentifier: from, NewDBInstanceIdentifier: to } = parameters;
      if (to !== undefined) seen.add(`${String(from)} → ${String(to)}`);
    }
    const applied = await sql(
      'select name, applied_at::text as at from savepoint.savepoint_migrations order by applied_at',
    );
    for (const { name, at } of applied) seen.add(`${String(name)} at ${String(at)}`);
    for (const { datname } of await sql('select datname from pg_database where not datistemplate'))
      seen.add(String(datname));
    return [...seen].filter((each) => each !== 'savepoint');
  };
  return {
    kind: awsRds,
    spec,
    home: shop.home,
    version: 'v2',
    oneAttempt: true,
    changes: ['migrate', 'seed'],
    observe: async () => JSON.stringify(await sql(columns)),
    effects,
    half: { spec: shop.call({ spec: { migrate: { directory: './broken' } } }).spec, change: 'migrate', version: 'v3' },
    secrets: ['A-secret/of-1'],
    // Releases of the suite have the same id in every world, which no two releases have.
    close: async () => {
      await forgetSnapshots();
      await shop.end();
    },
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
