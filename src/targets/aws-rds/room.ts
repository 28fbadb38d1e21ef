import { DescribeAccountAttributesCommand } from '@aws-sdk/client-rds';
import { asking } from '../../aws/failures.ts';
import { isOf } from '../../aws/owner.ts';
import type { Call, Finding } from '../../release/target.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { rdsOf } from './client.ts';
import type { Instance } from './instances.ts';
import { lookAt } from './look.ts';
import { snapshotName } from './names.ts';
import { allSnapshots, findSnapshot } from './snapshots.ts';

type Rds = Call<AwsRdsSpec>;

/** Quotas by their names in DescribeAccountAttributes, how much a release needs of them, and what for. */
const needs: readonly { quota: string; what: string; needed: (instance: Instance) => number }[] = [
  { quota: 'ManualSnapshots', what: 'manual snapshots', needed: () => 1 },
  { quota: 'DBInstances', what: 'instances', needed: () => 1 },
  {
    quota: 'AllocatedStorage',
    what: 'GiB of storage',
    needed: ({ settings }: Instance) => Number(settings.storage ?? 0),
  },
];

/** Room in the account for the snapshot and for the instance that a restore makes. */
export async function surveyQuotas({ spec }: Rds, instance: Instance): Promise<Finding[]> {
  const command = new DescribeAccountAttributesCommand({});
  const { AccountQuotas = [] } = await asking('asking for the quotas', () => rdsOf(spec).read.send(command));
  return needs.flatMap(({ quota, what, needed }): Finding[] => {
    const found = AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === quota);
    if (found?.Max === undefined || found.Used === undefined) return [];
    if (spec.savepoint.way === 'point-in-time' && quota === 'ManualSnapshots') return [];
    const said = `${found.Used} of ${found.Max} ${what} are used, ${needed(instance)} more may be needed`;
    if (found.Used + needed(instance) <= found.Max) return [{ status: 'PASS', what: said }];
    const remedy = 'discard what nobody needs (savepoint superseded list), or have the quota raised';
    return [{ status: 'FAIL', what: said, remedy }];
  });
}

/** The names that this release needs, and what earlier ones left. */
export async function surveyNames(call: Rds): Promise<Finding[]> {
  const name = snapshotName(call);
  const there = await findSnapshot(call.spec, name);
  // Throws where a name of the way back is taken.
  await lookAt(call);
  const findings: Finding[] = [];
  if (there !== null && !isOf(there.tags, call)) {
    const what = `the snapshot ${name} exists already and is not of this release`;
    findings.push({ status: 'FAIL', what, remedy: 'look at it, then rename or delete it' });
  } else findings.push({ status: 'PASS', what: `the names of snapshot ${name} and of the restored instance are free` });
  return [...findings, ...(await surveyOld(call))];
}

async function surveyOld({ spec, application, environment, target }: Rds): Promise<Finding[]> {
  const before = Date.now() - spec.savepoint.remindAfter;
  const old = (await allSnapshots(spec)).filter(
    ({ tags, takenAt }) =>
      tags['savepoint:application'] === application &&
      tags['savepoint:environment'] === environment &&
      tags['savepoint:target'] === target &&
      takenAt !== null &&
      Date.parse(takenAt) < before,
  );
  if (old.length === 0) return [];
  const what = `old snapshots of earlier releases: ${old.map(({ id }) => id).join(', ')}`;
  return [{ status: 'WARN', what, remedy: 'savepoint superseded list' }];
}
