import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { type Clients, clientsOf } from '../../aws/client.ts';
import type { AwsPlace } from '../../aws/place.ts';

/** A spec has the three fields of a place, and more. */
function placeOf({ region, endpoint, profile }: AwsPlace): AwsPlace {
  return { region, endpoint, profile };
}

export function ecsOf(place: AwsPlace): Clients<ECSClient> {
  return clientsOf('ecs', placeOf(place), (config) => new ECSClient(config));
}

/** `region`: of the registry, which may be another one than that of the service. */
export function ecrOf(place: AwsPlace, region: string | null): Clients<ECRClient> {
  const there = { ...placeOf(place), region: region ?? place.region };
  return clientsOf('ecr', there, (config) => new ECRClient(config));
}

export function scalingOf(place: AwsPlace): Clients<ApplicationAutoScalingClient> {
  return clientsOf('application-autoscaling', placeOf(place), (config) => new ApplicationAutoScalingClient(config));
}

/** `region`: of the log group, as the task definition names it. */
export function logsOf(place: AwsPlace, region: string | null): Clients<CloudWatchLogsClient> {
  const there = { ...placeOf(place), region: region ?? place.region };
  return clientsOf('logs', there, (config) => new CloudWatchLogsClient(config));
}
