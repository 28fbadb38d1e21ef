import { CloudFrontClient, CreateDistributionCommand, ListInvalidationsCommand } from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AwsEcsSpec } from '../../../src/targets/aws-ecs/aws-ecs.schema.ts';
import { awsEcs } from '../../../src/targets/aws-ecs/aws-ecs.ts';
import { prepare } from '../../../src/targets/aws-ecs/prepare.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { isMissing } from '../../support/tools.ts';
import { type EcsWorld, type OpenAws, openAws } from './world.ts';

const moto = findMoto();
const container = {
  logConfiguration: {
    logDriver: 'awslogs',
    options: { 'awslogs-group': '/ecs/shop', 'awslogs-stream-prefix': 'shop', 'awslogs-create-group': 'true' },
  },
};

describe.skipIf(isMissing(moto))('what is asked after a deployment to ECS', () => {
  let open: OpenAws;
  beforeAll(async () => {
    open = await openAws();
  }, 60_000);
  afterAll(() => open?.close(), 60_000);

  const deploy = async (world: EcsWorld, spec: AwsEcsSpec) => {
    world.pinned = await world.drive('prepare', (call) => prepare(call, 'v2'), { spec });
    return world.drive('deploy', (call) => awsEcs.apply(call, 'deploy', 'v2'), { spec });
  };

  it('FR-07 is content when every new task has logged its start line', async () => {
    const world = await open.serviceOf({ container });
    await world.push('v2', { says: ['Server started on port 3000'] });
    const logs = { startLine: 'Server started on port', errorPattern: '^(error|fatal)', within: '5s' };
    expect(await deploy(world, world.specOf({ logs }))).toMatchObject({ version: 'v2', tasks: 2, changed: true });
  }, 60_000);

  it('fails when the start line does not come in time', async () => {
    const world = await open.serviceOf({ container, count: 1 });
    await world.push('v2');
    const spec = world.specOf({ logs: { startLine: 'Server started', within: '1s' } });
    await expect(deploy(world, spec)).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining("1 of 1 tasks have not logged 'Server started'"),
      details: { evidence: expect.stringContaining('listening, version v2') },
    });
  }, 60_000);

  it('fails on error lines, and shows them', async () => {
    const world = await open.serviceOf({ container, count: 1 });
    await world.push('v2', { says: ['ERROR no connection to the database', 'WARN slow'] });
    await expect(deploy(world, world.specOf({ logs: { errorPattern: 'ERROR' } }))).rejects.toMatchObject({
      kind: 'failed',
      details: { evidence: 'ERROR no connection to the database' },
    });
  }, 60_000);

  it('says before anything is changed that the container does not log where the plan reads', async () => {
    const world = await open.serviceOf({ count: 1 });
    const { findings } = await awsEcs.survey(
      world.call('survey', { spec: world.specOf({ logs: { startLine: 'x' } }) }),
    );
    expect(findings.filter(({ status }) => status === 'FAIL').map(({ what }) => what)).toEqual([
      expect.stringContaining('does not log to CloudWatch'),
    ]);
  }, 60_000);

  it('fails when users get another version than the one that was deployed', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2', { version: 'something else' });
    const health = { path: '/version', version: '$.version', timeout: '1s' };
    await expect(deploy(world, world.specOf({ url: world.url, health }))).rejects.toMatchObject({
      kind: 'failed',
      details: { evidence: 'users get version something else instead of v2' },
    });
  }, 60_000);

  it('FR-08 invalidates CloudFront once the old tasks are gone, and again on the way back', async () => {
    const world = await open.serviceOf();
    await world.push('v2');
    const cloudFront = new CloudFrontClient(open.aws.direct);
    const distribution = await distributionOf(cloudFront);
    const spec = world.specOf({ invalidate: { distribution } });
    const savepoint = await world.drive('save', (call) => awsEcs.save(call), { spec });
    await deploy(world, spec);
    await world.drive('invalidate', (call) => awsEcs.apply(call, 'invalidate', 'v2'), { spec });
    await world.drive('invalidate', (call) => awsEcs.apply(call, 'invalidate', 'v2'), { spec });
    expect(await invalidations(cloudFront, distribution)).toBe(1);
    await world.drive('restore', (call) => awsEcs.restore(call, savepoint), { spec });
    await world.drive('restore', (call) => awsEcs.restore(call, savepoint), { spec });
    expect(await invalidations(cloudFront, distribution)).toBe(2);
    expect(await world.version()).toBe('v1');
  }, 60_000);

  it('refuses to save while a deployment is under way', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v1', { version: 'v1b', startsInMs: 3_000 });
    await world.update({ forceNewDeployment: true });
    await expect(awsEcs.save(world.call('save'))).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('under way'),
    });
  }, 60_000);

  it('says that a service must exist first', async () => {
    const world = await open.serviceOf({ count: 1 });
    const spec = world.specOf({ service: 'nobody' });
    const { findings, running } = await awsEcs.survey(world.call('survey', { spec }));
    expect([findings[0]?.status, running]).toEqual(['FAIL', null]);
    await expect(awsEcs.apply(world.call('deploy', { spec }), 'deploy', 'v2')).rejects.toMatchObject({
      kind: 'not-found',
      details: { remedy: expect.stringContaining('create it first') },
    });
    const saved = await awsEcs.save(world.call('save', { spec }));
    expect(saved).toMatchObject({ state: 'done', value: { absent: true } });
  }, 60_000);

  it('lists the revisions that releases registered, and removes none', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2');
    const spec = world.specOf();
    const savepoint = await world.drive('save', (call) => awsEcs.save(call), { spec });
    await deploy(world, spec);
    await world.drive('restore', (call) => awsEcs.restore(call, savepoint), { spec });
    const kept = await awsEcs.kept?.(world.call('kept'));
    expect(kept?.map(({ name, what }) => [name, what])).toEqual([[`${world.name}:2`, 'version']]);
    await expect(awsEcs.discard?.(world.call('discard'), `${world.name}:2`)).rejects.toMatchObject({ kind: 'refused' });
  }, 60_000);
});

async function distributionOf(client: CloudFrontClient): Promise<string> {
  const { Distribution } = await client.send(
    new CreateDistributionCommand({
      DistributionConfig: {
        CallerReference: 'shop',
        Comment: 'shop',
        Enabled: true,
        Origins: {
          Quantity: 1,
          Items: [
            {
              Id: 'shop',
              DomainName: 'shop.example.com',
              CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' },
            },
          ],
        },
        DefaultCacheBehavior: { TargetOriginId: 'shop', ViewerProtocolPolicy: 'redirect-to-https' },
      },
    }),
  );
  return Distribution?.Id ?? '';
}

async function invalidations(client: CloudFrontClient, DistributionId: string): Promise<number> {
  const { InvalidationList } = await client.send(new ListInvalidationsCommand({ DistributionId }));
  return InvalidationList?.Items?.length ?? 0;
}
