import type { DBInstance } from '@aws-sdk/client-rds';
import { describe, expect, it } from 'vitest';
import { keyHash } from '../../../src/aws/owner.ts';
import type { Savepoint } from '../../../src/release/target.ts';
import { awsRdsSchema } from '../../../src/targets/aws-rds/aws-rds.schema.ts';
import { asInstance, type Instance } from '../../../src/targets/aws-rds/instances.ts';
import { judge } from '../../../src/targets/aws-rds/look.ts';
import { besideName, snapshotName, supersededName } from '../../../src/targets/aws-rds/names.ts';
import { surveyInstance } from '../../../src/targets/aws-rds/obstacles.ts';
import { urlAt } from '../../../src/targets/aws-rds/place.ts';
import {
  createSnapshot,
  rename,
  restorePointInTime,
  restoreSnapshot,
  settle,
} from '../../../src/targets/aws-rds/requests.ts';
import { differing, readSettings } from '../../../src/targets/aws-rds/settings.ts';
import { missingOf } from '../../../src/targets/aws-rds/settling.ts';
import type { RdsState } from '../../../src/targets/aws-rds/state.ts';

const release = '00000000-0000-7000-8000-00000000beef';
const spec = awsRdsSchema.parse({ instance: 'shop-db', url: 'postgres://migrator:secret@shop-db.example:5432/shop' });
const call = {
  application: 'shop',
  environment: 'production',
  target: 'database',
  release,
  key: `${release}/database/restore`,
  spec,
};

/** As RDS describes an instance that has everything. */
const described: DBInstance = {
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

const settings = readSettings(described);
const state: RdsState = {
  ...{
    way: 'snapshot',
    instance: 'shop-db',
    resourceId: 'db-A',
    snapshot: 'sp-1',
    instant: '2026-03-01T02:00:00.000Z',
  },
  ...{ settings, tags: { team: 'shop' }, roles: [], database: 'shop', key: 'k', rowsRead: false },
};
const savepoint: Savepoint<RdsState> = {
  ...{ target: 'database', kind: 'aws-rds', release, takenAt: '2026-03-01T02:00:00.000Z', version: null },
  ...{ absent: false, heldMs: 0, fingerprint: { takenAt: '2026-03-01T02:00:00.000Z', parts: [] }, state },
};
const restoring = {
  name: 'shop-db-beside-0000beef',
  begun: '2026-03-01T03:00:00.000Z',
  replaces: 'db-A',
  superseded: 'shop-db-superseded-0000beef',
};

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

describe('a look at RDS', () => {
  const names = {
    name: 'shop-db',
    beside: 'shop-db-beside-0000beef',
    candidates: ['shop-db-superseded-0000beef', 'shop-db-superseded-0000beef-2'],
  };
  const instance = (id: string, resourceId: string, tags: Record<string, string> = {}): Instance => ({
    ...asInstance({ ...described, DBInstanceIdentifier: id, DbiResourceId: resourceId, TagList: [] }),
    tags,
  });
  const made = {
    ...{ 'savepoint:release': release, 'savepoint:key': keyHash(call.key), 'savepoint:replaces': 'db-A' },
    'savepoint:superseded': 'shop-db-superseded-0000beef',
  };
  const ids = (found: Instance[]) => {
    const { named, restored, replaced, superseded } = judge(call, found, names);
    return [named?.resourceId, restored?.resourceId, replaced?.resourceId, superseded];
  };

  it('tells who is who before, between and after the renames', () => {
    const [free, second] = names.candidates;
    expect(ids([instance('shop-db', 'db-A')])).toEqual(['db-A', undefined, 'db-A', free]);
    const beside = instance('shop-db-beside-0000beef', 'db-B', made);
    expect(ids([instance('shop-db', 'db-A'), beside])).toEqual(['db-A', 'db-B', 'db-A', free]);
    const old = instance('shop-db-superseded-0000beef', 'db-A');
    expect(ids([old, beside])).toEqual([undefined, 'db-B', 'db-A', free]);
    expect(ids([old, instance('shop-db', 'db-B', made)])).toEqual(['db-B', 'db-B', 'db-A', free]);
    // Changed again since: the name for the one that is there now is another one.
    expect(ids([old, instance('shop-db', 'db-B', { 'savepoint:release': release })])).toEqual([
      'db-B',
      undefined,
      'db-B',
      second,
    ]);
  });

  it('refuses names that somebody else has', () => {
    expect(() => ids([instance('shop-db', 'db-A'), instance('shop-db-beside-0000beef', 'db-X')])).toThrow(
      /not this restore's/,
    );
    const beside = instance('shop-db-beside-0000beef', 'db-B', made);
    expect(() => ids([instance('shop-db', 'db-A'), beside, instance('shop-db-superseded-0000beef', 'db-X')])).toThrow(
      /not this restore's/,
    );
  });

  it('misses tags and roles as well as settings', () => {
    const bare = { ...instance('shop-db-beside-0000beef', 'db-B', { ...made, strange: '1' }) };
    const wanted = { ...state, roles: [{ arn: 'arn:role', feature: 's3Import' }] };
    expect(missingOf(wanted, bare)).toMatchObject({
      names: ['tag team', 'role for s3Import'],
      tags: { team: 'shop' },
      lost: ['tag strange: nobody gave it to the saved one'],
    });
  });
});

describe('a survey of an instance', () => {
  const now = { LatestRestorableTime: new Date() };
  const findings = (more: Partial<DBInstance>, url = 'postgres://migrator@h/shop') =>
    surveyInstance({ spec: { ...spec, url } }, asInstance({ ...described, ...now, ...more }))
      .filter(({ status }) => status !== 'PASS')
      .map(({ status, what }) => `${status} ${what}`);

  it('passes where everything is as it should be', () => {
    expect(findings({})).toEqual([]);
  });

  it('names what stands in the way of going back', () => {
    expect(findings({ DBInstanceStatus: 'modifying' })).toEqual(['FAIL shop-db is modifying']);
    expect(findings({ Engine: 'mysql' })[0]).toMatch(/^FAIL shop-db runs mysql/);
    expect(findings({ BackupRetentionPeriod: 0 })[0]).toMatch(/^WARN .*no automated backups/);
    expect(findings({ PendingModifiedValues: { DBInstanceClass: 'db.r6g.xlarge' } })[0]).toMatch(
      /^WARN .*DBInstanceClass/,
    );
    const secret = { MasterUserSecret: { SecretArn: 'arn:secret' } };
    expect(findings(secret)[0]).toMatch(/^WARN .*managed by RDS/);
    expect(findings(secret, 'postgres://shop_admin@h/shop')[0]).toMatch(/^FAIL .*managed by RDS/);
    expect(findings({ LatestRestorableTime: new Date(Date.now() - 3_600_000) })[0]).toMatch(/^WARN .*reach only to/);
  });
});
