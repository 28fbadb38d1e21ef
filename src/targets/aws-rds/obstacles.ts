import type { Call, Finding } from '../../release/target.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import type { Instance } from './instances.ts';

function fail(what: string, remedy: string): Finding {
  return { status: 'FAIL', what, remedy };
}

function warn(what: string, remedy: string): Finding {
  return { status: 'WARN', what, remedy };
}

/** RDS ships its logs every five minutes (RDS guide, "Restoring a DB instance to a specified time"). */
const lateBackupsMs = 15 * 60_000;

/** What DescribeDBInstances alone tells. */
export function surveyInstance({ spec }: Pick<Call<AwsRdsSpec>, 'spec'>, instance: Instance): Finding[] {
  return [
    ...surveyState(instance),
    ...surveyBackups(spec, instance),
    ...surveySecret(spec, instance),
    surveyProtection(instance),
  ];
}

function surveyState({ id, status, engine, pending, parametersIn }: Instance): Finding[] {
  const findings: Finding[] = [];
  if (engine !== 'postgres') {
    const remedy = 'Aurora makes snapshots of clusters, other engines speak another SQL: use the kind command';
    findings.push(fail(`${id} runs ${engine}, and this kind knows postgres`, remedy));
  }
  if (status === 'available') findings.push({ status: 'PASS', what: `${id} is available` });
  else findings.push(fail(`${id} is ${status}`, 'wait until it is available'));
  if (pending.length > 0) {
    const remedy =
      'apply it before the release: a restored instance gets what the running one has, not what it is to get';
    findings.push(warn(`${id} has changes that wait for its maintenance window: ${pending.join(', ')}`, remedy));
  }
  if (!parametersIn) {
    findings.push(warn(`${id} has not started with its parameter group yet`, 'reboot it before the release'));
  }
  return findings;
}

function surveyBackups({ savepoint }: AwsRdsSpec, { id, settings, latestRestorable }: Instance): Finding[] {
  const days = Number(settings['backup retention'] ?? 0);
  if (days === 0) {
    const what = `${id} keeps no automated backups, so it cannot go back to a point in time`;
    const remedy = 'set a backup retention period of at least one day';
    return [savepoint.way === 'point-in-time' ? fail(what, remedy) : warn(what, remedy)];
  }
  const lateMs = latestRestorable === null ? Number.POSITIVE_INFINITY : Date.now() - Date.parse(latestRestorable);
  if (lateMs < lateBackupsMs) {
    return [{ status: 'PASS', what: `automated backups of ${days} days reach to ${latestRestorable}` }];
  }
  const what = `automated backups of ${id} reach only to ${latestRestorable ?? 'nowhere'}`;
  return [warn(what, 'look at the events of the instance: its logs are not shipped as usual')];
}

/** A restored instance has the password that the snapshot holds, and no secret that RDS rotates. */
function surveySecret({ url }: AwsRdsSpec, { id, managedSecret, settings }: Instance): Finding[] {
  if (!managedSecret) return [];
  const what = `the master password of ${id} is managed by RDS, and the secret does not follow a restore`;
  const remedy =
    'give Savepoint and the application roles of their own; after a restore: aws rds modify-db-instance --manage-master-user-password';
  const role = URL.canParse(url) ? decodeURIComponent(new URL(url).username) : '';
  return [role === settings['master user'] ? fail(`${what}; the role in url is that one`, remedy) : warn(what, remedy)];
}

function surveyProtection({ id, settings }: Instance): Finding {
  const on = settings['deletion protection'] === true;
  const what = on
    ? `${id} is protected from deletion; so will be what is restored, and what it replaces`
    : `${id} is not protected from deletion, and Savepoint deletes no instance by itself`;
  return { status: 'PASS', what };
}
