import { type DBInstance, DescribeDBInstancesCommand, type Tag } from '@aws-sdk/client-rds';
import { asking } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { rdsOf } from './client.ts';
import type { Endpoint } from './place.ts';
import type { Settings } from './setting.ts';
import { readSettings } from './settings.ts';
import type { InstanceRole } from './state.ts';

/**
 * An instance as RDS describes it.
 *
 * - `pending`: names of what was asked for and has not happened yet
 * - `parametersIn`: false while its parameter group waits for a reboot
 * - `latestRestorable`: ISO 8601, null without automated backups
 */
export type Instance = {
  id: string;
  arn: string;
  resourceId: string;
  status: string;
  endpoint: Endpoint | null;
  settings: Settings;
  tags: Record<string, string>;
  roles: InstanceRole[];
  pending: string[];
  parametersIn: boolean;
  latestRestorable: string | null;
  engine: string;
  replicas: string[];
  managedSecret: boolean;
};

/** Tags of an account that AWS or a service of it sets; nobody else may. */
const reserved = /^(aws|rds):/;

export function tagsIn(list: Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}

/** The tags that a restored instance gets as well: what somebody gave it, without Savepoint's own. */
export function foreignTags(tags: Record<string, string>): Record<string, string> {
  const kept = Object.entries(tags).filter(([key]) => !reserved.test(key) && !key.startsWith('savepoint:'));
  return Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1)));
}

export function asInstance(found: DBInstance): Instance {
  const { Endpoint: end, PendingModifiedValues: pending = {} } = found;
  const replicas = [
    ...(found.ReadReplicaDBInstanceIdentifiers ?? []),
    ...(found.ReadReplicaDBClusterIdentifiers ?? []),
  ];
  return {
    id: found.DBInstanceIdentifier ?? '',
    arn: found.DBInstanceArn ?? '',
    resourceId: found.DbiResourceId ?? '',
    status: found.DBInstanceStatus ?? '',
    endpoint: end?.Address === undefined ? null : { address: end.Address, port: end.Port ?? 5432 },
    settings: readSettings(found),
    tags: tagsIn(found.TagList),
    roles: (found.AssociatedRoles ?? []).map(({ RoleArn, FeatureName }) => ({
      arn: RoleArn ?? '',
      feature: FeatureName ?? '',
    })),
    pending: Object.entries(pending).flatMap(([name, value]) => (isSet(value) ? [name] : [])),
    parametersIn: (found.DBParameterGroups ?? []).every(
      ({ ParameterApplyStatus: status }) => status !== 'pending-reboot',
    ),
    latestRestorable: found.LatestRestorableTime?.toISOString() ?? null,
    engine: found.Engine ?? '',
    replicas,
    managedSecret: found.MasterUserSecret?.SecretArn !== undefined,
  };
}

/** RDS answers an empty structure or an empty list where nothing is pending. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** Those of the named instances that exist, in one question. A name that is being given up may be found or not. */
export async function findInstances(spec: AwsRdsSpec, names: readonly string[]): Promise<Instance[]> {
  const filter = { Name: 'db-instance-id', Values: [...new Set(names)] };
  const command = new DescribeDBInstancesCommand({ Filters: [filter] });
  const { DBInstances = [] } = await asking(`describing ${names.join(', ')}`, () => rdsOf(spec).read.send(command));
  return DBInstances.map(asInstance);
}

/** @throws TargetFailure `not-found` */
export async function theInstance(spec: AwsRdsSpec): Promise<Instance> {
  const wanted = spec.instance.toLowerCase();
  const found = (await findInstances(spec, [wanted])).find(({ id }) => id.toLowerCase() === wanted);
  if (found !== undefined) return found;
  throw new TargetFailure('not-found', `there is no DB instance ${spec.instance}`, {
    remedy: 'correct instance, region or account; Savepoint makes no first instance',
  });
}

/** All of them, page by page. */
export async function allInstances(spec: AwsRdsSpec): Promise<Instance[]> {
  const found: Instance[] = [];
  for (let marker: string | undefined; ; ) {
    const command = new DescribeDBInstancesCommand(marker === undefined ? {} : { Marker: marker });
    const page = await asking('listing DB instances', () => rdsOf(spec).read.send(command));
    found.push(...(page.DBInstances ?? []).map(asInstance));
    if (page.Marker === undefined || page.Marker === '') return found;
    marker = page.Marker;
  }
}

/** Where an instance can be on its way to `available`, or not (RDS guide, "Viewing DB instance status"). */
const hopeless =
  /^(failed|deleting|stopped|stopping|inaccessible-encryption-credentials|incompatible-.*|insufficient-capacity|restore-error|storage-full)$/;

export function isHopeless({ status }: Instance): boolean {
  return hopeless.test(status);
}

/** Does it take requests, with nothing left to be done? */
export function isSettled({ status, pending }: Instance): boolean {
  return status === 'available' && pending.length === 0;
}
