import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AwsWorld } from '../../support/aws/world.ts';
import { change, effectsOf, failureOf, openAws, openGroups, openShop, restore, save, skip } from './world.ts';

let aws: AwsWorld;
beforeAll(async () => {
  if (skip === undefined) aws = await openAws();
});
afterAll(() => aws?.stop());

describe.skipIf(skip !== undefined)('going back on RDS', () => {
  it('brings every row back, under the same name, and keeps the replaced instance', async () => {
    const shop = await openShop(aws);
    const saved = await save(shop);
    await change(shop);
    await change(shop, 'seed');
    const before = await shop.described();
    const restored = await restore(shop, saved);
    expect(await shop.sql(`select to_regclass('colours') as colours, count(*)::int as orders from orders`)).toEqual([
      { colours: null, orders: 50 },
    ]);
    expect(restored.kept).toMatch(/^shop-db-1-superseded-/);
    expect(restored.proof).toMatchObject({ level: 'structure', differences: [] });
    expect(restored.downtimeMs).toBeGreaterThan(0);
    expect((await shop.described(restored.kept ?? ''))?.DbiResourceId).toBe(before?.DbiResourceId);
    expect((await shop.described())?.DbiResourceId).not.toBe(before?.DbiResourceId);
    expect(effectsOf(aws).filter((each) => !each.startsWith('ModifyDBInstance') || each.includes('→'))).toEqual([
      `CreateDBSnapshot ${saved.state.snapshot}`,
      expect.stringMatching(/^RestoreDBInstanceFromDBSnapshot shop-db-1-beside-/),
      `ModifyDBInstance shop-db-1 → ${restored.kept}`,
      expect.stringMatching(/^ModifyDBInstance shop-db-1-beside-\w+ → shop-db-1$/),
    ]);
    await shop.end();
  }, 60_000);

  it('gives the restored instance every setting of the saved one', async () => {
    const groups = await openGroups(aws);
    const wish = {
      ...{
        DBParameterGroupName: groups.parameters,
        DBSubnetGroupName: groups.subnets,
        MultiAZ: true,
        Port: 5433,
        PubliclyAccessible: true,
      },
      ...{ DeletionProtection: true, EnableIAMDatabaseAuthentication: true, BackupRetentionPeriod: 14 },
      ...{
        PreferredBackupWindow: '01:10-01:40',
        PreferredMaintenanceWindow: 'sun:02:00-sun:02:30',
        MonitoringInterval: 60,
      },
      ...{ MonitoringRoleArn: 'arn:aws:iam::123456789012:role/watcher', EnableCloudwatchLogsExports: ['postgresql'] },
      ...{
        CopyTagsToSnapshot: true,
        AutoMinorVersionUpgrade: false,
        StorageType: 'io1',
        Iops: 2000,
        AllocatedStorage: 200,
      },
      ...{
        Tags: [
          { Key: 'team', Value: 'shop' },
          { Key: 'cost centre', Value: '42' },
        ],
      },
    };
    const shop = await openShop(aws, { wish });
    const before = await shop.described();
    const saved = await save(shop);
    await change(shop);
    await restore(shop, saved);
    const after = await shop.described();
    const same = [
      ...[
        'DBInstanceClass',
        'AllocatedStorage',
        'StorageType',
        'Iops',
        'MultiAZ',
        'DeletionProtection',
        'EngineVersion',
      ],
      ...['BackupRetentionPeriod', 'PreferredBackupWindow', 'PreferredMaintenanceWindow', 'MonitoringInterval'],
      ...['MonitoringRoleArn', 'EnabledCloudwatchLogsExports', 'CopyTagsToSnapshot', 'AutoMinorVersionUpgrade'],
      ...[
        'IAMDatabaseAuthenticationEnabled',
        'DBParameterGroups',
        'VpcSecurityGroups',
        'Endpoint',
        'PubliclyAccessible',
      ],
    ] as const;
    for (const name of same)
      expect([name, Reflect.get(Object(after), name)]).toEqual([name, Reflect.get(Object(before), name)]);
    expect(after?.DBSubnetGroup?.DBSubnetGroupName).toBe(groups.subnets);
    expect(after?.TagList).toEqual(expect.arrayContaining(wish.Tags));
    await shop.end();
  }, 60_000);

  it('sets again what the restore forgot, where RDS lets it, and starts anew for a parameter group', async () => {
    const wish = {
      DBParameterGroupName: 'shop-parameters',
      DeletionProtection: true,
      PreferredBackupWindow: '01:10-01:40',
    };
    const shop = await openShop(aws, { wish });
    const saved = await save(shop);
    await change(shop);
    await aws.configure({
      settings: { restoreLoses: ['DBParameterGroupName', 'DeletionProtection', 'PreferredBackupWindow'] },
    });
    aws.ledger.forget();
    const restored = await restore(shop, saved);
    await aws.configure({ settings: { restoreLoses: [] } });
    expect(await shop.described()).toMatchObject({
      ...{ DeletionProtection: true, PreferredBackupWindow: '01:10-01:40' },
      DBParameterGroups: [{ DBParameterGroupName: 'shop-parameters', ParameterApplyStatus: 'in-sync' }],
    });
    expect(restored.proof.differences).toEqual([]);
    expect(aws.ledger.effects('RebootDBInstance')).toHaveLength(1);
    expect(aws.ledger.effects('ModifyDBInstance')).toHaveLength(3);
    await shop.end();
  }, 60_000);

  it('exchanges nothing when the restored instance lost a setting', async () => {
    const shop = await openShop(aws, { wish: { DBSubnetGroupName: 'shop-subnets' } });
    const saved = await save(shop);
    await change(shop);
    await aws.configure({ settings: { restoreLoses: ['DBSubnetGroupName'] } });
    const before = (await shop.described())?.DbiResourceId;
    const failure = await failureOf(restore(shop, saved));
    await aws.configure({ settings: { restoreLoses: [] } });
    expect(failure).toMatchObject({ kind: 'refused' });
    expect(failure.details?.evidence).toContain('subnet group: shop-subnets is not set');
    expect((await shop.described())?.DbiResourceId).toBe(before);
    expect(await shop.sql('select count(*)::int as n from colours')).toEqual([{ n: 0 }]);
    await shop.end();
  }, 60_000);
});
