import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { AwsConfig } from './world.ts';

/** What monitoring and auto scaling do by themselves in AWS, and here when a test says so. */
export type Signals = {
  /** One datum; `dimensions`: name → value. `at`: epoch milliseconds, now when left out. */
  putMetric(datum: {
    namespace: string;
    name: string;
    value: number;
    dimensions?: Record<string, string>;
    at?: number;
  }): Promise<void>;
  /**
   * What auto scaling does when an alarm asks for more: one task more, at least the minimum, at most the maximum. Resolves to
   * false, and changes nothing, where scaling out is suspended or nothing is registered (ECS developer guide, "Automatically
   * scale your Amazon ECS service").
   */
  scaleOut(cluster: string, service: string): Promise<boolean>;
  /** Makes an alarm with this state, or moves one that is there. */
  setAlarm(
    name: string,
    state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA',
    more?: { threshold?: number; actions?: string[] },
  ): Promise<void>;
};

/** `direct`: past the proxy. */
export function openSignals(direct: AwsConfig): Signals {
  return { ...watchSignals(direct), scaleOut: (cluster, service) => scaleOut(direct, { cluster, service }) };
}

type Scaled = { cluster: string; service: string };

async function scaleOut(direct: AwsConfig, { cluster, service }: Scaled): Promise<boolean> {
  const scaling = new ApplicationAutoScalingClient(direct);
  const ecs = new ECSClient(direct);
  const { ScalableTargets = [] } = await scaling.send(
    new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: [`service/${cluster}/${service}`] }),
  );
  const [target] = ScalableTargets;
  if (target === undefined || target.SuspendedState?.DynamicScalingOutSuspended === true) return false;
  const { services = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
  const more = Math.max(target.MinCapacity ?? 0, (services[0]?.desiredCount ?? 0) + 1);
  const desiredCount = Math.min(target.MaxCapacity ?? more, more);
  await ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount }));
  return true;
}

function watchSignals(direct: AwsConfig): Pick<Signals, 'putMetric' | 'setAlarm'> {
  const cloudWatch = new CloudWatchClient(direct);
  return {
    async putMetric({ namespace, name, value, dimensions = {}, at }) {
      const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
      const MetricData = [{ MetricName: name, Value: value, Dimensions, Timestamp: new Date(at ?? Date.now()) }];
      await cloudWatch.send(new PutMetricDataCommand({ Namespace: namespace, MetricData }));
    },
    async setAlarm(name, state, { threshold = 1, actions = [] } = {}) {
      const set = new SetAlarmStateCommand({ AlarmName: name, StateValue: state, StateReason: 'set by a test' });
      // One that is there only moves: making it again would calm it for a moment.
      const moved = await cloudWatch.send(set).then(
        () => true,
        () => false,
      );
      if (moved) return;
      await cloudWatch.send(
        new PutMetricAlarmCommand({
          AlarmName: name,
          AlarmActions: actions,
          Namespace: 'Shop',
          MetricName: name,
          Statistic: 'Sum',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: threshold,
          ComparisonOperator: 'GreaterThanThreshold',
        }),
      );
      await cloudWatch.send(set);
    },
  };
}
