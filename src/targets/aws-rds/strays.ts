import { DescribeDBProxiesCommand, DescribeDBProxyTargetsCommand } from '@aws-sdk/client-rds';
import { asking } from '../../aws/failures.ts';
import type { Call, Finding } from '../../release/target.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { rdsOf } from './client.ts';
import type { Instance } from './instances.ts';

type Rds = Call<AwsRdsSpec>;

/** What hangs on the running instance and would stay with it when another one takes its name. */
export async function followers(call: Rds, instance: Instance): Promise<Finding[]> {
  return [...replicas(instance), ...iam(instance), ...(await proxies(call, instance))];
}

/** RDS guide, "Renaming a DB instance": replicas stay with the renamed instance. */
function replicas({ id, replicas: names }: Instance): Finding[] {
  if (names.length === 0) return [];
  const what = `read replicas would stay with the replaced instance: ${names.join(', ')}`;
  return [{ status: 'WARN', what, remedy: `after a restore make replicas of ${id} anew, and delete these` }];
}

/** IAM policies for connecting name the resource id (RDS guide, "IAM policy for IAM database access"). */
function iam({ id, resourceId, settings }: Instance): Finding[] {
  if (settings['IAM authentication'] !== true) return [];
  const what = `${id} lets roles in by IAM; policies that name ${resourceId} do not allow a restored instance`;
  const remedy = 'let the policies name dbuser:*/<role>, or the new resource id after a restore';
  return [{ status: 'WARN', what, remedy }];
}

/** A proxy has its target by the instance, and its registration has to be made anew (RDS guide, "RDS Proxy"). */
async function proxies({ spec }: Rds, { id, resourceId }: Instance): Promise<Finding[]> {
  const { read } = rdsOf(spec);
  const { DBProxies = [] } = await asking('listing proxies', () => read.send(new DescribeDBProxiesCommand({})));
  const found: string[] = [];
  for (const { DBProxyName = '', EngineFamily } of DBProxies) {
    if (EngineFamily !== undefined && EngineFamily !== 'POSTGRESQL') continue;
    const command = new DescribeDBProxyTargetsCommand({ DBProxyName });
    const { Targets = [] } = await asking(`looking at the proxy ${DBProxyName}`, () => read.send(command));
    if (Targets.some(({ RdsResourceId }) => RdsResourceId === id || RdsResourceId === resourceId))
      found.push(DBProxyName);
  }
  if (found.length === 0) return [];
  const what = `proxies would go on to the replaced instance: ${found.join(', ')}`;
  const remedy = `after a restore: aws rds deregister-db-proxy-targets, then register-db-proxy-targets with ${id}`;
  return [{ status: 'FAIL', what, remedy: `${remedy}; or let the application connect to the instance itself` }];
}
