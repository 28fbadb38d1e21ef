import {
  CloudFrontClient,
  CreateDistributionCommand,
  CreateInvalidationCommand,
  GetInvalidationCommand,
} from '@aws-sdk/client-cloudfront';
import {
  CreateDBParameterGroupCommand,
  CreateDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addressed, openSight, type Sight } from '../support/aws/looking.ts';
import { findMoto } from '../support/aws/moto.ts';
import { waitAsBoto3 } from '../support/aws/stock-waiter.ts';
import { type AwsWorld, startAws } from '../support/aws/world.ts';
import { runSql } from '../support/postgres.ts';
import { isMissing } from '../support/tools.ts';

const moto = findMoto();
const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

/** Long enough for nothing to end by itself: the test says when time goes on. */
const minutes = 60_000;

let world: AwsWorld;
let sight: Sight;
let rds: RDSClient;

beforeAll(async () => {
  if (skip !== undefined) return;
  world = await startAws({
    durations: { snapshotMs: 20 * minutes, renameMs: 10 * minutes, invalidationMs: 5 * minutes },
  });
  sight = openSight(world.direct);
  rds = new RDSClient(world.config);
});
afterAll(() => world?.stop());

async function snapshot(DBInstanceIdentifier: string, DBSnapshotIdentifier: string): Promise<void> {
  await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier }));
}

async function progressOf(DBSnapshotIdentifier: string) {
  const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier }));
  return [DBSnapshots[0]?.Status, DBSnapshots[0]?.PercentProgress];
}

async function rename(DBInstanceIdentifier: string, NewDBInstanceIdentifier: string): Promise<void> {
  const names = { DBInstanceIdentifier, NewDBInstanceIdentifier };
  await rds.send(new ModifyDBInstanceCommand({ ...names, ApplyImmediately: true }));
}

describe.skipIf(skip !== undefined)('RDS in the test world', () => {
  test('brings rows back under another name, with default settings', async () => {
    const group = { DBParameterGroupName: 'tuned', DBParameterGroupFamily: 'postgres18', Description: 'tuned' };
    await rds.send(new CreateDBParameterGroupCommand(group));
    const settings = { DBParameterGroupName: 'tuned', MultiAZ: true, DeletionProtection: true };
    const made = await world.createDatabase('orders-db', { ...settings, Tags: [{ Key: 'team', Value: 'orders' }] });
    await runSql(made.url, 'create table orders (id int primary key)');
    await runSql(made.url, 'insert into orders values (1), (2)');
    await snapshot('orders-db', 'before');
    expect((await sight.instance('orders-db'))?.DBInstanceStatus).toBe('backing-up');
    await runSql(made.url, 'delete from orders where id = 1');
    const restore = { DBInstanceIdentifier: 'orders-restored', DBSnapshotIdentifier: 'before', MultiAZ: true };
    const early = rds.send(new RestoreDBInstanceFromDBSnapshotCommand(restore));
    await expect(early).rejects.toMatchObject({ name: 'InvalidDBSnapshotStateFault' });
    await world.advance(20 * minutes);
    const answer = await rds.send(new RestoreDBInstanceFromDBSnapshotCommand(restore));
    expect(answer.DBInstance).toMatchObject({ DBInstanceStatus: 'creating', DBInstanceIdentifier: 'orders-restored' });
    const restored = await sight.available('orders-restored');
    const rows = await runSql(addressed(made.url, restored), 'select id from orders order by id');
    expect(rows).toEqual([{ id: 1 }, { id: 2 }]);
    const tags = [{ Key: 'team', Value: 'orders' }];
    expect(restored).toMatchObject({ MultiAZ: true, DeletionProtection: false, TagList: tags });
    expect(restored.DBParameterGroups?.[0]?.DBParameterGroupName).toBe('default.postgres18');
  });

  test('leads the old address to the restored rows after two renames, and nowhere meanwhile', async () => {
    const made = await world.createDatabase('swap-db');
    await runSql(made.url, 'create table orders (id int primary key)');
    await snapshot('swap-db', 'empty');
    await world.advance(20 * minutes);
    await runSql(made.url, 'insert into orders values (1)');
    const restore = { DBInstanceIdentifier: 'swap-restored', DBSnapshotIdentifier: 'empty' };
    await rds.send(new RestoreDBInstanceFromDBSnapshotCommand(restore));
    await sight.available('swap-restored');
    await rename('swap-db', 'swap-superseded');
    expect(await sight.instance('swap-db')).toBeNull();
    await expect(runSql(made.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    await rename('swap-restored', 'swap-db');
    expect((await sight.instance('swap-db'))?.DBInstanceStatus).toBe('renaming');
    await expect(runSql(made.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    await world.advance(10 * minutes);
    await sight.available('swap-db');
    expect(await runSql(made.url, 'select id from orders')).toEqual([]);
    const old = addressed(made.url, await sight.available('swap-superseded'));
    expect(await runSql(old, 'select id from orders')).toEqual([{ id: 1 }]);
  });

  test('loses a setting of a restore where the script says so', async () => {
    await world.createDatabase('losing-db');
    await snapshot('losing-db', 'whole');
    await world.advance(20 * minutes);
    await world.configure({ settings: { restoreLoses: ['DeletionProtection'] } });
    const restore = { DBInstanceIdentifier: 'losing-restored', DBSnapshotIdentifier: 'whole' };
    const wanted = { DeletionProtection: true, CopyTagsToSnapshot: true };
    await rds.send(new RestoreDBInstanceFromDBSnapshotCommand({ ...restore, ...wanted }));
    await world.configure({ settings: { restoreLoses: [] } });
    const restored = await sight.available('losing-restored');
    expect(restored).toMatchObject({ DeletionProtection: false, CopyTagsToSnapshot: true });
  });

  test('goes back to a moment', async () => {
    const made = await world.createDatabase('moment-db');
    await runSql(made.url, 'create table orders (id int primary key)');
    await runSql(made.url, 'insert into orders values (1)');
    // A request names whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const moment = new Date(Math.floor((await world.now()) / 1000) * 1000);
    await runSql(made.url, 'insert into orders values (2)');
    const target = { SourceDBInstanceIdentifier: 'moment-db', TargetDBInstanceIdentifier: 'moment-then' };
    await rds.send(new RestoreDBInstanceToPointInTimeCommand({ ...target, RestoreTime: moment }));
    const then = addressed(made.url, await sight.available('moment-then'));
    expect(await runSql(then, 'select id from orders')).toEqual([{ id: 1 }]);
    const latest = { ...target, TargetDBInstanceIdentifier: 'moment-latest', UseLatestRestorableTime: true };
    await rds.send(new RestoreDBInstanceToPointInTimeCommand(latest));
    const now = addressed(made.url, await sight.available('moment-latest'));
    expect(await runSql(now, 'select id from orders order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('takes 40 simulated minutes for a snapshot without waiting', async () => {
    await world.createDatabase('slow-db');
    await world.configure({ durations: { snapshotMs: 40 * minutes } });
    await snapshot('slow-db', 'slow');
    await world.advance(30 * minutes);
    expect(await progressOf('slow')).toEqual(['creating', 75]);
    await world.advance(10 * minutes);
    expect(await progressOf('slow')).toEqual(['available', 100]);
  });

  test('shows where the stock waiter of boto3 gives up, though the snapshot goes on', async () => {
    await world.createDatabase('waited-db');
    await world.configure({ durations: { snapshotMs: 40 * minutes } });
    await snapshot('waited-db', 'waited');
    const parameters = { DBSnapshotIdentifier: 'waited' };
    const waited = await waitAsBoto3(world, { service: 'rds', waiter: 'db_snapshot_available', parameters });
    expect(waited.outcome).toContain('Max attempts exceeded');
    expect(waited.calls).toBe(60);
    expect(Math.round(waited.waitedMs / minutes)).toBe(30);
    expect((await progressOf('waited'))[0]).toBe('creating');
    await world.advance(15 * minutes);
  });

  test('refuses a snapshot above the quota, and one whose name is taken; the next may fail', async () => {
    await world.createDatabase('full-db');
    await snapshot('full-db', 'full-1');
    await world.advance(40 * minutes);
    await expect(snapshot('full-db', 'full-1')).rejects.toMatchObject({ name: 'DBSnapshotAlreadyExistsFault' });
    await world.configure({ settings: { snapshotQuota: 1 } });
    await expect(snapshot('full-db', 'full-2')).rejects.toMatchObject({ name: 'SnapshotQuotaExceededFault' });
    await world.configure({ settings: { snapshotQuota: 100, failSnapshots: 1 } });
    await snapshot('full-db', 'full-3');
    await world.advance(40 * minutes);
    expect((await progressOf('full-3'))[0]).toBe('failed');
  });
});

describe.skipIf(skip !== undefined)('CloudFront in the test world', () => {
  test('answers the same reference with the earlier invalidation, which ends after a while', async () => {
    const client = new CloudFrontClient(world.config);
    const { Distribution } = await client.send(
      new CreateDistributionCommand({
        DistributionConfig: {
          CallerReference: 'made by a test',
          Comment: '',
          Enabled: true,
          Origins: {
            Quantity: 1,
            Items: [{ Id: 'site', DomainName: 'site.s3.amazonaws.com', S3OriginConfig: { OriginAccessIdentity: '' } }],
          },
          DefaultCacheBehavior: { TargetOriginId: 'site', ViewerProtocolPolicy: 'allow-all' },
        },
      }),
    );
    const DistributionId = Distribution?.Id ?? '';
    const invalidate = (CallerReference: string, path: string) =>
      client.send(
        new CreateInvalidationCommand({
          DistributionId,
          InvalidationBatch: { CallerReference, Paths: { Quantity: 1, Items: [path] } },
        }),
      );
    const { Invalidation: first } = await invalidate('one', '/*');
    const { Invalidation: again } = await invalidate('one', '/*');
    expect(again?.Id).toBe(first?.Id);
    await expect(invalidate('one', '/index.html')).rejects.toMatchObject({ name: 'InvalidationBatchAlreadyExists' });
    expect(first?.Status).toBe('InProgress');
    const look = async () =>
      (await client.send(new GetInvalidationCommand({ DistributionId, Id: first?.Id ?? '' }))).Invalidation?.Status;
    expect(await look()).toBe('InProgress');
    await world.advance(5 * minutes);
    expect(await look()).toBe('Completed');
  });
});
