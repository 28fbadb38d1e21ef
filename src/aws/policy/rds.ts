import type { AwsRdsSpec } from '../../targets/aws-rds/aws-rds.schema.ts';
import { anything, arn, globalArn, known, type Part, type Statement, sidOf } from './statement.ts';

type RdsPart = Part<AwsRdsSpec> & { application: string; environment: string };

/** What a database on RDS needs to be saved, changed and brought back beside the one that runs. */
export function rdsStatements(part: RdsPart): Statement[] {
  return [...reading(part), ...saving(part), ...restoring(part), ...passRoles(part), ...keys(part)];
}

/** Restored and replaced instances are called after the one that runs; a long name is cut before its ending. */
function instances({ spec, ground }: RdsPart): string[] {
  const name = known(spec.instance);
  return [arn('rds', `db:${name}`, ground), arn('rds', `db:${name.slice(0, 30)}*`, ground)];
}

/** Savepoint's snapshots are called after application, environment and target. */
function snapshots({ application, environment, ground }: RdsPart): string {
  return arn('rds', `snapshot:sp-${application}-${environment}-*`, ground);
}

function reading(part: RdsPart): Statement[] {
  const { name, ground } = part;
  return [
    {
      sid: sidOf(name, 'Look'),
      actions: ['rds:DescribeDBInstances', 'rds:DescribeDBSnapshots'],
      resources: [arn('rds', 'db:*', ground), arn('rds', 'snapshot:*', ground)],
      why: `reads every setting of ${name}, and which names and how many snapshots are taken`,
    },
    {
      sid: sidOf(name, 'Quotas'),
      actions: ['rds:DescribeAccountAttributes'],
      resources: anything,
      why: `sees whether a snapshot and a second ${name} fit the quotas; AWS knows no resource for it`,
    },
    {
      sid: sidOf(name, 'Proxies'),
      actions: ['rds:DescribeDBProxies', 'rds:DescribeDBProxyTargets'],
      resources: [arn('rds', 'db-proxy:*', ground), arn('rds', 'target-group:*', ground)],
      why: `names proxies that would not follow a restored ${name}`,
    },
  ];
}

function saving(part: RdsPart): Statement[] {
  return [
    {
      sid: sidOf(part.name, 'Save'),
      actions: ['rds:AddTagsToResource', 'rds:CreateDBSnapshot'],
      resources: [...instances(part), snapshots(part)],
      why: `saves ${part.name}, and marks what a release made`,
    },
  ];
}

function restoring(part: RdsPart): Statement[] {
  const { name, ground } = part;
  const settings = ['og', 'pg', 'subgrp'].map((type) => arn('rds', `${type}:*`, ground));
  return [
    {
      sid: sidOf(name, 'Restore'),
      actions: [
        'rds:ModifyDBInstance',
        'rds:RebootDBInstance',
        'rds:RestoreDBInstanceFromDBSnapshot',
        'rds:RestoreDBInstanceToPointInTime',
      ],
      resources: [...instances(part), snapshots(part), arn('rds', 'auto-backup:*', ground), ...settings],
      why: `restores ${name} beside the one that runs with all its settings, and exchanges their names; nothing may delete`,
    },
  ];
}

/** A restored instance gets the roles of the one that ran (RDS guide, "Setting up Enhanced Monitoring", "S3 import"). */
function passRoles(part: RdsPart): Statement[] {
  const { name, ground } = part;
  const roles = [globalArn('iam', 'role/*', ground)];
  const passed = (service: string) => ({ StringEquals: { 'iam:PassedToService': service } });
  return [
    {
      sid: sidOf(name, 'Roles'),
      actions: ['rds:AddRoleToDBInstance'],
      resources: instances(part),
      why: `gives a restored ${name} the roles that the instance had`,
    },
    {
      sid: sidOf(name, 'PassRole'),
      actions: ['iam:PassRole'],
      resources: roles,
      condition: passed('rds.amazonaws.com'),
      why: `passes those roles on; write them instead of role/*, or leave this out where the instance has none`,
    },
    {
      sid: sidOf(name, 'PassMonitoringRole'),
      actions: ['iam:PassRole'],
      resources: roles,
      condition: passed('monitoring.rds.amazonaws.com'),
      why: `passes on the role of Enhanced Monitoring; write it instead of role/*, or leave this out without it`,
    },
  ];
}

/** RDS uses the key in the caller's name (RDS guide, "AWS KMS key management"). */
function keys({ name, ground }: RdsPart): Statement[] {
  const resources = [arn('kms', 'key/*', ground)];
  const viaRds = { 'kms:ViaService': `rds.${ground.region}.amazonaws.com` };
  return [
    {
      sid: sidOf(name, 'Key'),
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
      resources,
      condition: { StringLike: viaRds },
      why: `saves and restores encrypted storage of ${name}; write its key instead of key/*, or leave this out without one of yours`,
    },
    {
      sid: sidOf(name, 'KeyGrant'),
      actions: ['kms:CreateGrant'],
      resources,
      condition: { StringLike: viaRds, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
      why: `lets RDS go on using the key of a restored ${name}`,
    },
  ];
}

/** What `savepoint superseded` deletes, by a person: only what a release set aside or saved. */
export function discardStatements(part: RdsPart): Statement[] {
  const name = known(part.spec.instance).slice(0, 30);
  const aside = ['superseded', 'beside'].map((word) => arn('rds', `db:${name}*-${word}-*`, part.ground));
  return [
    {
      sid: sidOf(part.name, 'Discard'),
      actions: ['rds:DeleteDBInstance', 'rds:DeleteDBSnapshot'],
      resources: [...aside, snapshots(part)],
      condition: { StringEquals: { 'aws:ResourceTag/savepoint:application': part.application } },
      why: `deletes what releases left of ${part.name}, when a person says so with \`savepoint superseded discard\``,
    },
  ];
}
