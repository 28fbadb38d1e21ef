import type { DBInstance } from '@aws-sdk/client-rds';
import { describe, expect, it } from 'vitest';
import { keyHash } from '../../../src/aws/owner.ts';
import { asInstance, type Instance } from '../../../src/targets/aws-rds/instances.ts';
import { judge } from '../../../src/targets/aws-rds/look.ts';
import { surveyInstance } from '../../../src/targets/aws-rds/obstacles.ts';
import { missingOf } from '../../../src/targets/aws-rds/settling.ts';
import { call, described, release, spec, state } from './described.ts';

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
