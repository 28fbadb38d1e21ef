import type { DBInstance } from '@aws-sdk/client-rds';
import type { Savepoint } from '../../../src/release/target.ts';
import { awsRdsSchema } from '../../../src/targets/aws-rds/aws-rds.schema.ts';
import { readSettings } from '../../../src/targets/aws-rds/settings.ts';
import type { RdsState } from '../../../src/targets/aws-rds/state.ts';

export const release = '00000000-0000-7000-8000-00000000beef';
export const spec = awsRdsSchema.parse({
  instance: 'shop-db',
  url: 'postgres://migrator:secret@shop-db.example:5432/shop',
});
export const call = {
  application: 'shop',
  environment: 'production',
  target: 'database',
  release,
  key: `${release}/database/restore`,
  spec,
};

/** As RDS describes an instance that has everything. */
export const described: DBInstance = {
  ...{
    DBInstanceIdentifier: 'shop-db',
    DBInstanceArn: 'arn:aws:rds:eu-west-1:123456789012:db:shop-db',
    DbiResourceId: 'db-A',
  },
  ...{ Engine: 'postgres', EngineVersion: '16.4', DBInstanceStatus: 'available', DBInstanceClass: 'db.r6g.large' },
  ...{ AllocatedStorage: 500, StorageType: 'gp3', Iops: 12_000, StorageThroughput: 500, MaxAllocatedStorage: 1000 },
  ...{ MultiAZ: true, AvailabilityZone: 'eu-west-1a', Endpoint: { Address: 'shop-db.example', Port: 5433 } },
  DBParameterGroups: [{ DBParameterGroupName: 'shop-16', ParameterApplyStatus: 'in-sync' }],
  OptionGroupMemberships: [{ OptionGroupName: 'default:postgres-16', Status: 'in-sync' }],
  DBSubnetGroup: { DBSubnetGroupName: 'private' },
  VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-2' }, { VpcSecurityGroupId: 'sg-1' }],
  ...{ PubliclyAccessible: false, DeletionProtection: true, IAMDatabaseAuthenticationEnabled: true },
  ...{
    BackupRetentionPeriod: 14,
    PreferredBackupWindow: '01:00-01:30',
    PreferredMaintenanceWindow: 'sun:02:00-sun:02:30',
  },
  ...{ MonitoringInterval: 60, MonitoringRoleArn: 'arn:aws:iam::123456789012:role/watch', CopyTagsToSnapshot: true },
  ...{ PerformanceInsightsEnabled: true, PerformanceInsightsRetentionPeriod: 31, PerformanceInsightsKMSKeyId: 'key-1' },
  ...{ EnabledCloudwatchLogsExports: ['upgrade', 'postgresql'], CACertificateIdentifier: 'rds-ca-rsa2048-g1' },
  ...{
    AutoMinorVersionUpgrade: false,
    LicenseModel: 'postgresql-license',
    NetworkType: 'IPV4',
    StorageEncrypted: true,
  },
  ...{ KmsKeyId: 'key-2', MasterUsername: 'shop_admin', EngineLifecycleSupport: 'open-source-rds-extended-support' },
  TagList: [
    { Key: 'team', Value: 'shop' },
    { Key: 'aws:cloudformation:stack-name', Value: 'shop' },
    { Key: 'savepoint:role', Value: 'restored' },
  ],
};

export const settings = readSettings(described);
export const state: RdsState = {
  ...{
    way: 'snapshot',
    instance: 'shop-db',
    resourceId: 'db-A',
    snapshot: 'sp-1',
    instant: '2026-03-01T02:00:00.000Z',
  },
  ...{ settings, tags: { team: 'shop' }, roles: [], database: 'shop', key: 'k', rowsRead: false },
};
export const savepoint: Savepoint<RdsState> = {
  ...{ target: 'database', kind: 'aws-rds', release, takenAt: '2026-03-01T02:00:00.000Z', version: null },
  ...{ absent: false, heldMs: 0, fingerprint: { takenAt: '2026-03-01T02:00:00.000Z', parts: [] }, state },
};
export const restoring = {
  name: 'shop-db-beside-0000beef',
  begun: '2026-03-01T03:00:00.000Z',
  replaces: 'db-A',
  superseded: 'shop-db-superseded-0000beef',
};
