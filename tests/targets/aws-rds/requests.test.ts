import { describe, expect, it } from 'vitest';
import { keyHash } from '../../../src/aws/owner.ts';
import { besideName, snapshotName, supersededName } from '../../../src/targets/aws-rds/names.ts';
import { urlAt } from '../../../src/targets/aws-rds/place.ts';
import {
  createSnapshot,
  rename,
  restorePointInTime,
  restoreSnapshot,
  settle,
} from '../../../src/targets/aws-rds/requests.ts';
import { differing, readSettings } from '../../../src/targets/aws-rds/settings.ts';
import { call, described, release, restoring, savepoint, settings, state } from './described.ts';

const owner = [
  { Key: 'savepoint:release', Value: release },
  { Key: 'savepoint:application', Value: 'shop' },
  { Key: 'savepoint:environment', Value: 'production' },
  { Key: 'savepoint:target', Value: 'database' },
  { Key: 'savepoint:key', Value: keyHash(call.key) },
];

const explicit = {
  ...{ DBInstanceClass: 'db.r6g.large', LicenseModel: 'postgresql-license', AutoMinorVersionUpgrade: false },
  ...{
    EngineLifecycleSupport: 'open-source-rds-extended-support',
    DBParameterGroupName: 'shop-16',
    DeletionProtection: true,
  },
  ...{
    EnableIAMDatabaseAuthentication: true,
    AllocatedStorage: 500,
    StorageType: 'gp3',
    Iops: 12_000,
    StorageThroughput: 500,
  },
  ...{ DedicatedLogVolume: false, Port: 5433, DBSubnetGroupName: 'private', VpcSecurityGroupIds: ['sg-1', 'sg-2'] },
  ...{ PubliclyAccessible: false, NetworkType: 'IPV4', MultiAZ: true, CACertificateIdentifier: 'rds-ca-rsa2048-g1' },
  ...{ BackupRetentionPeriod: 14, PreferredBackupWindow: '01:00-01:30', CopyTagsToSnapshot: true },
  EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
};

describe('a request to RDS', () => {
  it('for a snapshot names the release, and what was known of the database', () => {
    expect(snapshotName(call)).toBe('sp-shop-production-database-0000beef');
    expect(createSnapshot(call, 'sp-1', { begun: '2026-03-01T02:00:00.000Z', structure: 'abc', hold: null })).toEqual({
      DBSnapshotIdentifier: 'sp-1',
      DBInstanceIdentifier: 'shop-db',
      Tags: [
        ...owner,
        { Key: 'savepoint:begun', Value: '2026-03-01T02:00:00.000Z' },
        { Key: 'savepoint:structure', Value: 'abc' },
        { Key: 'savepoint:hold', Value: 'none' },
      ],
    });
  });

  it('for a restore has every setting that a restore takes, and the tags that people gave', () => {
    expect(restoreSnapshot(call, savepoint, restoring)).toEqual({
      DBInstanceIdentifier: 'shop-db-beside-0000beef',
      DBSnapshotIdentifier: 'sp-1',
      ...explicit,
      Tags: [
        { Key: 'team', Value: 'shop' },
        ...owner,
        { Key: 'savepoint:role', Value: 'beside' },
        { Key: 'savepoint:begun', Value: '2026-03-01T03:00:00.000Z' },
        { Key: 'savepoint:replaces', Value: 'db-A' },
        { Key: 'savepoint:superseded', Value: 'shop-db-superseded-0000beef' },
      ],
    });
  });

  it('for a point in time names the instant and the limit of storage too', () => {
    const { Tags, ...request } = restorePointInTime(call, savepoint, { ...restoring, source: 'shop-db' });
    expect(request).toEqual({
      ...{ SourceDBInstanceIdentifier: 'shop-db', TargetDBInstanceIdentifier: 'shop-db-beside-0000beef' },
      ...{ RestoreTime: new Date('2026-03-01T02:00:00.000Z'), MaxAllocatedStorage: 1000, ...explicit },
    });
    expect(Tags).toHaveLength(10);
  });

  it('names no speed of small gp3 storage, no zone beside a standby, and no default option group', () => {
    const small = readSettings({
      ...described,
      AllocatedStorage: 20,
      Iops: 3000,
      StorageThroughput: 125,
      MultiAZ: false,
    });
    const request = restoreSnapshot(call, { ...savepoint, state: { ...state, settings: small } }, restoring);
    expect(request).not.toHaveProperty('Iops');
    expect(request).not.toHaveProperty('StorageThroughput');
    expect(request).not.toHaveProperty('OptionGroupName');
    expect(request.AvailabilityZone).toBe('eu-west-1a');
    expect(restoreSnapshot(call, savepoint, restoring)).not.toHaveProperty('AvailabilityZone');
  });

  it('afterwards sets at once what no restore takes', () => {
    const fresh = readSettings({
      ...described,
      ...{ PreferredMaintenanceWindow: 'mon:07:00-mon:07:30', MonitoringInterval: 0, MaxAllocatedStorage: undefined },
      ...{ PerformanceInsightsEnabled: false, EnabledCloudwatchLogsExports: ['audit'] },
    });
    expect(settle('shop-db-beside-0000beef', differing(settings, fresh).modify)).toEqual({
      ...{ DBInstanceIdentifier: 'shop-db-beside-0000beef', ApplyImmediately: true, MaxAllocatedStorage: 1000 },
      ...{ PreferredMaintenanceWindow: 'sun:02:00-sun:02:30', MonitoringInterval: 60 },
      ...{ MonitoringRoleArn: 'arn:aws:iam::123456789012:role/watch', EnablePerformanceInsights: true },
      ...{ PerformanceInsightsRetentionPeriod: 31, PerformanceInsightsKMSKeyId: 'key-1' },
      CloudwatchLogsExportConfiguration: { EnableLogTypes: ['postgresql', 'upgrade'], DisableLogTypes: ['audit'] },
    });
  });

  it('tells what nobody can set any more', () => {
    const other = {
      ...described,
      DBSubnetGroup: { DBSubnetGroupName: 'default' },
      KmsKeyId: 'key-9',
      EngineVersion: '16.3',
    };
    expect(differing(settings, readSettings(other)).lost).toEqual([
      'engine version: 16.4 is 16.3',
      'encryption key: key-2 is key-9',
      'subnet group: private is default',
    ]);
  });

  it('for a rename does not wait for the maintenance window', () => {
    expect(rename('a', 'b')).toEqual({
      DBInstanceIdentifier: 'a',
      NewDBInstanceIdentifier: 'b',
      ApplyImmediately: true,
    });
  });
});

describe('names', () => {
  it('keep to what RDS allows', () => {
    const long = 'a-very-long-name-of-an-instance-that-somebody-once-gave-it-in-63';
    for (const made of [besideName(long, release), supersededName(long, release, 3)]) {
      expect(made).toMatch(/^[a-z](?!.*--)[a-z0-9-]{0,61}[a-z0-9]$/);
      expect(made.length).toBeLessThanOrEqual(63);
    }
    expect(snapshotName({ ...call, application: '9-Lives', target: 'x' })).toBe('sp-9-lives-production-x-0000beef');
    expect(supersededName('Shop-DB', release, 2)).toBe('shop-db-superseded-0000beef-2');
  });

  it('of other servers keep role, database and settings of the connection', () => {
    const url = 'postgres://migrator:p%40ss@shop-db.example:5432/shop?sslmode=verify-full';
    expect(urlAt(url, { address: 'beside.example', port: 5433 })).toBe(
      'postgres://migrator:p%40ss@beside.example:5433/shop?sslmode=verify-full',
    );
  });
});
