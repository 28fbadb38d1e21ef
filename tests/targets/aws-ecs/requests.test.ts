import { describe, expect, it } from 'vitest';
import { keyHash } from '../../../src/aws/owner.ts';
import { awsEcsSchema } from '../../../src/targets/aws-ecs/aws-ecs.schema.ts';
import { buildOrder } from '../../../src/targets/aws-ecs/build.ts';
import { registerRequest, suspendRequest, tagRequest, updateRequest } from '../../../src/targets/aws-ecs/requests.ts';

const owner = {
  release: 'r-1',
  application: 'shop',
  environment: 'production',
  target: 'backend',
  key: 'r-1/backend/deploy',
};
const place = { cluster: 'arn:aws:ecs:us-east-1:123456789012:cluster/shop', service: 'backend' };

describe('requests to ECS', () => {
  it('registers a revision with the tags of the release and those it inherits', () => {
    const content = { family: 'backend', containerDefinitions: [{ name: 'app', image: 'repo@sha256:aa' }] };
    const inherited = { team: 'shop', 'aws:ecs:x': '1', 'savepoint:release': 'r-0' };
    expect(registerRequest(content, { ...owner, version: 'v2' }, inherited)).toEqual({
      family: 'backend',
      containerDefinitions: [{ name: 'app', image: 'repo@sha256:aa' }],
      tags: [
        { key: 'team', value: 'shop' },
        { key: 'savepoint:release', value: 'r-1' },
        { key: 'savepoint:application', value: 'shop' },
        { key: 'savepoint:environment', value: 'production' },
        { key: 'savepoint:target', value: 'backend' },
        { key: 'savepoint:key', value: keyHash('r-1/backend/deploy') },
        { key: 'savepoint:version', value: 'v2' },
      ],
    });
  });

  it('asks for a revision, a number of tasks, or both, and forces a deployment only where nothing else changes', () => {
    expect(updateRequest(place, { revision: 'backend:2', desired: null })).toEqual({
      ...place,
      taskDefinition: 'backend:2',
    });
    expect(updateRequest(place, { revision: null, desired: 0 })).toEqual({ ...place, desiredCount: 0 });
    expect(updateRequest(place, { revision: null, desired: null, again: true })).toEqual({
      ...place,
      forceNewDeployment: true,
    });
  });

  it('suspends scaling without touching its limits', () => {
    expect(suspendRequest(place, { in: true, out: false, scheduled: true })).toEqual({
      ServiceNamespace: 'ecs',
      ResourceId: 'service/shop/backend',
      ScalableDimension: 'ecs:service:DesiredCount',
      SuspendedState: {
        DynamicScalingInSuspended: true,
        DynamicScalingOutSuspended: false,
        ScheduledScalingSuspended: true,
      },
    });
  });

  it('tags a service', () => {
    expect(tagRequest('arn:s', { 'savepoint:fence': '7' })).toEqual({
      resourceArn: 'arn:s',
      tags: [{ key: 'savepoint:fence', value: '7' }],
    });
  });
});

describe('the build of an image', () => {
  const address = '123456789012.dkr.ecr.us-east-1.amazonaws.com/frontend';
  const orderOf = (image: Record<string, unknown>) => {
    const spec = awsEcsSchema.parse({ cluster: 'c', service: 's', image: { repository: 'frontend', ...image } });
    if (typeof spec.image === 'string') throw new Error('a built image');
    return buildOrder({ image: spec.image, version: 'v2', tag: 'v2', address, directory: '/source' });
  };

  it('FR-08 gives build-time variables to docker by name, so that no value is in its arguments', () => {
    expect(orderOf({ buildArgs: { VITE_API_URL: 'https://api.example.com' } })).toEqual({
      command: ['docker', 'build', '--tag', `${address}:v2`, '--build-arg', 'VITE_API_URL', '.'],
      directory: '/source',
      env: {
        VITE_API_URL: 'https://api.example.com',
        VERSION: 'v2',
        REPOSITORY: address,
        TAG: 'v2',
        IMAGE: `${address}:v2`,
      },
      timeoutMs: 30 * 60_000,
    });
  });

  it('tells any command what to build', () => {
    const order = orderOf({ build: { command: ['make', 'image'], env: { CI: '1' } }, buildArgs: { A: 'b' } });
    expect(order.command).toEqual(['make', 'image']);
    expect(order.env).toMatchObject({ A: 'b', CI: '1', IMAGE: `${address}:v2` });
  });
});
