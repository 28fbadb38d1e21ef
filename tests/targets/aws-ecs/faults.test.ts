import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { forgetClients } from '../../../src/aws/client.ts';
import type { AwsEcsSpec } from '../../../src/targets/aws-ecs/aws-ecs.schema.ts';
import { awsEcs } from '../../../src/targets/aws-ecs/aws-ecs.ts';
import { hold, resume } from '../../../src/targets/aws-ecs/holding.ts';
import { prepare } from '../../../src/targets/aws-ecs/prepare.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { isMissing } from '../../support/tools.ts';
import { type EcsWorld, type OpenAws, openAws } from './world.ts';

const moto = findMoto();

describe.skipIf(isMissing(moto))('a service of ECS behind a bad connection', () => {
  let open: OpenAws;
  beforeAll(async () => {
    open = await openAws();
  }, 60_000);
  afterEach(() => open.aws.faults.calm());
  afterAll(() => open?.close(), 60_000);

  const release = async (world: EcsWorld, spec: AwsEcsSpec) => {
    world.pinned = await world.drive('prepare', (call) => prepare(call, 'v2'), { spec });
    const savepoint = await world.drive('save', (call) => awsEcs.save(call), { spec });
    return {
      deploy: () => world.drive('deploy', (call) => awsEcs.apply(call, 'deploy', 'v2'), { spec }),
      restore: () => world.drive('restore', (call) => awsEcs.restore(call, savepoint), { spec }),
    };
  };

  it.each(['RegisterTaskDefinition', 'UpdateService', 'TagResource'])(
    'deploys once where the answer of %s is lost after the effect',
    async (operation) => {
      const world = await open.serviceOf({ count: 1 });
      await world.push('v2');
      const { deploy, restore } = await release(world, world.specOf());
      open.aws.faults.loseAnswer(operation, { times: 2 });
      await deploy();
      expect(await world.version()).toBe('v2');
      expect(world.effects()).toEqual(['RegisterTaskDefinition', 'UpdateService']);
      open.aws.faults.loseAnswer(operation, { times: 2 });
      await restore();
      expect(await world.version()).toBe('v1');
      expect(world.effects()).toEqual(['RegisterTaskDefinition', 'UpdateService', 'UpdateService']);
    },
    60_000,
  );

  it('deploys once where the request itself is lost', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2');
    const { deploy } = await release(world, world.specOf());
    open.aws.faults.loseAnswer('UpdateService', { before: true });
    open.aws.faults.loseAnswer('RegisterTaskDefinition', { before: true });
    await deploy();
    expect(world.effects()).toEqual(['RegisterTaskDefinition', 'UpdateService']);
  }, 60_000);

  it('holds and lets go once where answers are lost, and puts scaling and tasks back as they were', async () => {
    const world = await open.serviceOf({ scaled: [1, 4] });
    const before = await world.observe();
    open.aws.faults.loseAnswer('RegisterScalableTarget');
    open.aws.faults.loseAnswer('UpdateService');
    const held = await world.drive('hold', (call) => hold(call));
    expect([await world.version(), await world.digests()]).toEqual(['nothing', []]);
    expect(world.effects()).toEqual(['RegisterScalableTarget', 'UpdateService']);
    open.aws.faults.loseAnswer('RegisterScalableTarget');
    open.aws.faults.loseAnswer('UpdateService');
    open.aws.faults.loseAnswer('UntagResource');
    await world.drive('resume', (call) => resume(call, held));
    expect(await world.observe()).toBe(before);
    expect(world.effects().slice(2)).toEqual(['UpdateService', 'RegisterScalableTarget']);
  }, 60_000);

  it('lets go by what the service itself tells where nobody knows what was held', async () => {
    const world = await open.serviceOf({ scaled: [1, 4] });
    await world.scaling.send(
      new (await import('@aws-sdk/client-application-auto-scaling')).RegisterScalableTargetCommand({
        ...world.scalable,
        SuspendedState: {
          ScheduledScalingSuspended: true,
          DynamicScalingInSuspended: false,
          DynamicScalingOutSuspended: false,
        },
      }),
    );
    const before = await world.observe();
    await world.drive('hold', (call) => hold(call));
    await world.drive('resume', (call) => resume(call, null));
    expect(await world.observe()).toBe(before);
  }, 60_000);

  it.each(['throttled', 'server-error'] as const)(
    'deploys and goes back once while 30 of 100 calls meet: %s',
    async (kind) => {
      const world = await open.serviceOf({ count: 1 });
      await world.push('v2');
      open.aws.faults.storm({ kind, share: 0.3, seed: 7 });
      const { deploy, restore } = await release(world, world.specOf());
      await deploy();
      await restore();
      open.aws.faults.calm();
      expect(open.aws.faults.struck()[kind]).toBeGreaterThan(0);
      expect(await world.version()).toBe('v1');
      expect(world.effects()).toEqual(['RegisterTaskDefinition', 'UpdateService', 'UpdateService']);
    },
    60_000,
  );

  it('goes on after a crash between registering and updating', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2');
    const spec = world.specOf();
    const { deploy } = await release(world, spec);
    // The worker dies where it asks for the update: everything after the registration is lost.
    open.aws.faults.loseAnswer('UpdateService', { before: true });
    await expect(awsEcs.apply(world.call('deploy', { spec }), 'deploy', 'v2')).rejects.toThrow();
    expect(world.effects()).toEqual(['RegisterTaskDefinition']);
    forgetClients();
    await deploy();
    expect(world.effects()).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    expect(await world.version()).toBe('v2');
  }, 60_000);

  it('deploys once with a clock that is ten minutes off', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2');
    forgetClients();
    open.aws.faults.setServerClock(10 * 60_000);
    const { deploy } = await release(world, world.specOf());
    await deploy();
    expect(open.aws.faults.struck().skewed).toBeGreaterThan(0);
    expect(world.effects()).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    forgetClients();
  }, 60_000);

  it('says what to do about expired credentials, and changes nothing', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2');
    const spec = world.specOf();
    await release(world, spec);
    open.aws.faults.expireCredentials();
    await expect(awsEcs.apply(world.call('deploy', { spec }), 'deploy', 'v2')).rejects.toMatchObject({
      kind: 'permission',
      details: { remedy: expect.stringContaining('renew the AWS credentials') },
    });
    expect(world.effects()).toEqual([]);
  }, 60_000);

  it('refuses an attempt that a newer one has replaced while it was on its way', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2');
    const spec = world.specOf();
    await release(world, spec);
    open.aws.faults.delay('ListTaskDefinitions', 1_500);
    const old = awsEcs.apply(world.call('deploy', { spec }), 'deploy', 'v2');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await awsEcs.save(world.call('save 2', { spec }));
    await expect(old).rejects.toMatchObject({ kind: 'stale-fence' });
    expect(world.effects()).toEqual([]);
  }, 60_000);
});
