import type { AwsRdsSpec } from '../../targets/aws-rds/aws-rds.schema.ts';
import { taskStatements } from './rds-tasks.ts';
import { anything, arn, globalArn, known, type Need, type Part } from './statement.ts';

type RdsPart = Part<AwsRdsSpec> & { application: string; environment: string };

/** What a database on RDS needs to be saved, changed and brought back beside the one that runs. */
export function rdsStatements(part: RdsPart): Need[] {
  return [
    ...reading(part),
    ...saving(part),
    ...restoring(part),
    ...passRoles(part),
    ...keys(part),
    ...taskStatements(part),
  ];
}

/** From this length on, a name is cut before `-superseded-…` is put behind it (63 characters at most). */
const longest = 35;

/** Restored and replaced instances are called after the one that runs. */
function instances({ spec, ground }: RdsPart): string[] {
  const name = known(spec.instance);
  const others = name.length > longest ? `${name.slice(0, longest)}*` : `${name}-*`;
  return [arn('rds', `db:${name}`, ground), arn('rds', `db:${others}`, ground)];
}

/** Savepoint's snapshots are called after application, environment and target. */
function snapshots({ application, environment, ground }: RdsPart): string {
  return arn('rds', `snapshot:sp-${application}-${environment}-*`, ground);
}

function reading(part: RdsPart): Need[] {
  const { name, ground } = part;
  return [
    {
      of: [name],
      purpose: 'Look',
      actions: ['rds:DescribeDBInstances', 'rds:DescribeDBSnapshots'],
      resources: [arn('rds', 'db:*', ground), arn('rds', 'snapshot:*', ground)],
      why: `reads every setting of ${name}, and which names and how many snapshots are taken`,
    },
    {
      of: [name],
      purpose: 'Quotas',
      actions: ['rds:DescribeAccountAttributes'],
      resources: anything,
      why: `sees whether a snapshot and a second ${name} fit the quotas; AWS knows no resource for it`,
    },
    {
      of: [name],
      purpose: 'Proxies',
      actions: ['rds:DescribeDBProxies', 'rds:DescribeDBProxyTargets'],
      resources: [arn('rds', 'db-proxy:*', ground), arn('rds', 'target-group:*', ground)],
      why: `names proxies that would not follow a restored ${name}`,
    },
  ];
}

function saving(part: RdsPart): Need[] {
  return [
    {
      of: [part.name],
      purpose: 'Save',
      actions: ['rds:AddTagsToResource', 'rds:CreateDBSnapshot'],
      resources: [...instances(part), snapshots(part)],
      why: `saves ${part.name}, and marks what a release made`,
    },
  ];
}

function restoring(part: RdsPart): Need[] {
  const { name, ground } = part;
  const settings = ['og', 'pg', 'subgrp'].map((type) => arn('rds', `${type}:*`, ground));
  return [
    {
      of: [name],
      purpose: 'Restore',
      actions: [
        'rds:AddRoleToDBInstance',
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
function passRoles({ name, ground }: RdsPart): Need[] {
  return [
    {
      of: [name],
      purpose: 'PassRole',
      actions: ['iam:PassRole'],
      resources: [globalArn('iam', 'role/*', ground)],
      condition: {
        StringEquals: { 'iam:PassedToService': ['monitoring.rds.amazonaws.com', 'rds.amazonaws.com'] },
      },
      why: `gives a restored ${name} the roles that it had, also that of Enhanced Monitoring; write them instead of role/*, or leave this out without any`,
    },
  ];
}

/** RDS uses the key in the caller's name (RDS guide, "AWS KMS key management"). */
function keys({ name, ground }: RdsPart): Need[] {
  const resources = [arn('kms', 'key/*', ground)];
  const viaRds = { 'kms:ViaService': `rds.${ground.region}.amazonaws.com` };
  return [
    {
      of: [name],
      purpose: 'Key',
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
      resources,
      condition: { StringLike: viaRds },
      why: `saves and restores encrypted storage of ${name}; write its key instead of key/*, or leave this out without one of yours`,
    },
    {
      of: [name],
      purpose: 'KeyGrant',
      actions: ['kms:CreateGrant'],
      resources,
      condition: { StringLike: viaRds, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
      why: `lets RDS go on using the key of a restored ${name}`,
    },
  ];
}

/** What `savepoint superseded` deletes, by a person: only what a release set aside or saved. */
export function discardStatements(part: RdsPart): Need[] {
  const name = known(part.spec.instance).slice(0, longest);
  const aside = ['superseded', 'beside'].map((word) => arn('rds', `db:${name}*-${word}-*`, part.ground));
  return [
    {
      of: [part.name],
      purpose: 'Discard',
      actions: ['rds:DeleteDBInstance', 'rds:DeleteDBSnapshot'],
      resources: [...aside, snapshots(part)],
      condition: { StringEquals: { 'aws:ResourceTag/savepoint:application': part.application } },
      why: `deletes what releases left of ${part.name}, when a person says so with \`savepoint superseded discard\``,
    },
  ];
}
