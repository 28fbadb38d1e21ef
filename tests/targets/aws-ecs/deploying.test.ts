import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TargetFailure } from '../../../src/release/failure.ts';
import type { AwsEcsSpec } from '../../../src/targets/aws-ecs/aws-ecs.schema.ts';
import { awsEcs } from '../../../src/targets/aws-ecs/aws-ecs.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { isMissing } from '../../support/tools.ts';
import { type EcsWorld, type OpenAws, openAws } from './world.ts';

const moto = findMoto();
const breaker = (rollback: boolean) => ({
  deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback } },
});

async function prepared(world: EcsWorld, spec: AwsEcsSpec, version = 'v2'): Promise<void> {
  world.pinned = await world.drive('prepare', (call) => awsEcs.prepare?.(call, version) ?? never(), { spec });
}

function never(): never {
  throw new Error('this kind prepares');
}

function deployed(world: EcsWorld, spec: AwsEcsSpec, version = 'v2') {
  return world.drive('deploy', (call) => awsEcs.apply(call, 'deploy', version), { spec });
}

/** The failure of a deployment, and how long people waited for it. */
async function failureOf(work: Promise<unknown>): Promise<TargetFailure> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof TargetFailure) return outcome;
  throw outcome ?? new Error('it did not fail');
}

describe.skipIf(isMissing(moto))('a deployment to ECS', () => {
  let open: OpenAws;
  beforeAll(async () => {
    open = await openAws();
  }, 60_000);
  afterAll(() => open?.close(), 60_000);

  const restored = async (world: EcsWorld, spec: AwsEcsSpec) => {
    const savepoint = await world.drive('save', (call) => awsEcs.save(call), { spec });
    return (): Promise<unknown> => world.drive('restore', (call) => awsEcs.restore(call, savepoint), { spec });
  };

  it('FR-07 FR-13 brings back the bytes of the first version although its tag was moved', async () => {
    const world = await open.serviceOf();
    const spec = world.specOf({ image: world.first.reference });
    const back = await restored(world, spec);
    const second = await world.push('v1', { version: 'v2' });
    expect(second.reference).toBe(world.first.reference);
    await prepared(world, spec);
    await deployed(world, spec);
    expect([await world.version(), await world.digests()]).toEqual(['v2', [second.digest, second.digest]]);
    await back();
    expect([await world.version(), await world.digests()]).toEqual(['v1', [world.first.digest, world.first.digest]]);
  }, 60_000);

  it('MB-none goes back to the bytes that ran where the running revision means others by now', async () => {
    const world = await open.serviceOf();
    const back = await restored(world, world.specOf());
    await world.push('v1', { version: 'other' });
    await world.update({ forceNewDeployment: true });
    await expect.poll(() => world.digests(), { timeout: 20_000 }).not.toContain(world.first.digest);
    await expect.poll(async () => (await world.service()).deployments?.length, { timeout: 20_000 }).toBe(1);
    await back();
    expect(await world.digests()).toEqual([world.first.digest, world.first.digest]);
  }, 60_000);

  it('goes back to a revision that somebody deregistered meanwhile', async () => {
    const { DeregisterTaskDefinitionCommand } = await import('@aws-sdk/client-ecs');
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2');
    const spec = world.specOf();
    const back = await restored(world, spec);
    await prepared(world, spec);
    await deployed(world, spec);
    await world.ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition: `${world.name}:1` }));
    await back();
    expect([await world.version(), await world.digests()]).toEqual(['v1', [world.first.digest]]);
  }, 60_000);

  it('fails with exit code and last words when the new tasks crash at their start', async () => {
    const logged = {
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/ecs/shop', 'awslogs-stream-prefix': 'shop', 'awslogs-create-group': 'true' },
      },
    };
    const world = await open.serviceOf({ container: logged });
    await world.push('v2', { crashes: true });
    const spec = world.specOf();
    await prepared(world, spec);
    const failure = await failureOf(deployed(world, spec));
    expect(failure.kind).toBe('failed');
    // ECS may have started more of them before anybody looked.
    expect(failure.message).toMatch(/([3-9]|\d\d) tasks failed to start/);
    expect(failure.details.evidence).toContain('Essential container in task exited');
    expect(failure.details.evidence).toContain('app ended with 1');
    expect(failure.details.evidence).toContain('fatal: version v2 cannot start');
    expect(await world.version()).toBe('v1');
  }, 60_000);

  it('fails when the new tasks never get healthy, while users keep the old version', async () => {
    const world = await open.serviceOf();
    await world.push('v2', { sick: true });
    const spec = world.specOf();
    const back = await restored(world, spec);
    await prepared(world, spec);
    const failure = await failureOf(deployed(world, spec));
    expect(failure.kind).toBe('failed');
    expect(failure.details.evidence).toContain('health checks');
    await back();
    expect([await world.version(), (await world.service()).deployments?.length]).toEqual(['v1', 1]);
  }, 60_000);

  it('judges a deployment that the circuit breaker rolled back as failed, although the service is stable', async () => {
    const world = await open.serviceOf({ service: breaker(true) });
    await world.push('v2', { crashes: true });
    const spec = world.specOf();
    await prepared(world, spec);
    // Nobody looks until ECS has given up and is stable again.
    await world.drive('deploy', async (call) => {
      const step = await awsEcs.apply(call, 'deploy', 'v2');
      return step.state === 'working' ? { state: 'done', value: null } : step;
    });
    await expect
      .poll(async () => (await world.service()).deployments?.map(({ rolloutState }) => rolloutState), {
        timeout: 20_000,
      })
      .toEqual(['COMPLETED']);
    const failure = await failureOf(deployed(world, spec));
    expect(failure.kind).toBe('failed');
    expect(failure.message).toMatch(/ECS gave up .* and went back to/);
    expect(world.effects('UpdateService')).toHaveLength(1);
  }, 60_000);

  it('fails when the circuit breaker stops without a way back', async () => {
    const world = await open.serviceOf({ service: breaker(false) });
    await world.push('v2', { crashes: true });
    const spec = world.specOf({ deploy: { failedTasks: 100 } });
    await prepared(world, spec);
    const failure = await failureOf(deployed(world, spec));
    expect(failure.message).toContain('circuit breaker');
  }, 60_000);

  it('never calls a revision its own that somebody else put in place in the middle', async () => {
    const world = await open.serviceOf();
    await world.push('v2', { startsInMs: 3_000 });
    const spec = world.specOf();
    await prepared(world, spec);
    const under = failureOf(deployed(world, spec));
    await expect.poll(async () => (await world.service()).deployments?.length, { timeout: 10_000 }).toBe(2);
    await world.update({ taskDefinition: `${world.name}:1`, forceNewDeployment: true });
    const failure = await under;
    expect(failure.kind).toBe('changed');
    expect(failure.message).toContain(`somebody else put ${world.name}:1 in the place of ${world.name}:2`);
  }, 60_000);

  it('names missing capacity', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2');
    const spec = world.specOf({ deploy: { timeout: '2s' } });
    await prepared(world, spec);
    await world.aws.configure({ settings: { capacity: 0 } });
    try {
      const failure = await failureOf(deployed(world, spec));
      expect(failure.kind).toBe('timed-out');
      expect(failure.message).toContain('too little capacity');
      expect(failure.details.evidence).toContain('unable to place a task');
      expect(await world.version()).toBe('v1');
    } finally {
      await world.aws.configure({ settings: { capacity: 1_000 } });
    }
  }, 60_000);

  it('tries again what failed when a person asks for it', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2', { crashes: true });
    const spec = world.specOf();
    await prepared(world, spec);
    await failureOf(deployed(world, spec));
    await world.push('v2');
    await prepared(world, spec);
    await world.drive('deploy 2', (call) => awsEcs.apply(call, 'deploy', 'v2'), { spec });
    expect(await world.version()).toBe('v2');
  }, 60_000);

  it('does nothing where exactly that runs already', async () => {
    const world = await open.serviceOf({ count: 1 });
    await world.push('v2');
    const spec = world.specOf();
    await prepared(world, spec);
    await deployed(world, spec);
    const effects = world.effects();
    const value = await world.drive('deploy again', (call) => awsEcs.apply(call, 'deploy', 'v2'), { spec });
    expect(value).toMatchObject({ changed: false });
    expect(world.effects()).toEqual(effects);
  }, 60_000);
});
