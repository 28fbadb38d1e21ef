import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { clientsOf } from '../../aws/client.ts';
import { asking } from '../../aws/failures.ts';
import type { AwsPlace } from '../../aws/place.ts';
import { TargetFailure } from '../../release/failure.ts';

type Asked = { cluster: string; name: string; place: AwsPlace; abortSignal: AbortSignal };

/**
 * When the deployment that is primary now began, in epoch milliseconds by the clock of AWS.
 *
 * @throws TargetFailure `not-found` where the service or its deployment is missing
 */
export async function deployedAt({ cluster, name, place, abortSignal }: Asked): Promise<number> {
  const { read } = clientsOf('ecs', place, (config) => new ECSClient(config));
  const command = new DescribeServicesCommand({ cluster, services: [name] });
  const { services = [] } = await asking(`describing the service ${name}`, () => read.send(command, { abortSignal }));
  const primary = services[0]?.deployments?.find(({ status }) => status === 'PRIMARY');
  if (primary?.createdAt !== undefined) return primary.createdAt.getTime();
  throw new TargetFailure('not-found', `the service ${name} in ${cluster} has no deployment`, {
    remedy: 'correct the names in the plan, or the region',
  });
}
