import { DescribeTasksCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsEcs } from '../../../src/targets/aws-ecs/aws-ecs.ts';
import { hold, resume } from '../../../src/targets/aws-ecs/holding.ts';
import { prepare } from '../../../src/targets/aws-ecs/prepare.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { isMissing } from '../../support/tools.ts';
import { cluster, type EcsWorld, type OpenAws, openAws } from './world.ts';

const moto = findMoto();

describe.skipIf(isMissing(moto))('a hold of a service of ECS', () => {
  let open: OpenAws;
  beforeAll(async () => {
    open = await openAws();
  }, 60_000);
  afterAll(() => open?.close(), 60_000);

  const statuses = async (world: EcsWorld): Promise<(string | undefined)[]> => {
    const list = new ListTasksCommand({ cluster, serviceName: world.name, desiredStatus: 'STOPPED' });
    const { taskArns = [] } = await world.ecs.send(list);
    const { tasks = [] } = await world.ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
    return tasks.map(({ lastStatus }) => lastStatus);
  };

  it('is done only when the last task has ended, not when it is asked to', async () => {
    const world = await open.serviceOf();
    await open.aws.configure({ durations: { drainMs: 1_500 } });
    try {
      await world.drive('hold', (call) => hold(call));
      expect(await statuses(world)).toEqual(['STOPPED', 'STOPPED']);
    } finally {
      await open.aws.configure({ durations: { drainMs: 40 } });
    }
  }, 60_000);

  it('FR-14 in the middle of a failed deployment ends with the previous version as it was', async () => {
    const world = await open.serviceOf({ scaled: [1, 4] });
    const spec = world.specOf();
    const before = await world.observe();
    await world.push('v2', { crashes: true });
    world.pinned = await world.drive('prepare', (call) => prepare(call, 'v2'), { spec });
    const savepoint = await world.drive('save', (call) => awsEcs.save(call), { spec });
    await expect(world.drive('deploy', (call) => awsEcs.apply(call, 'deploy', 'v2'), { spec })).rejects.toThrow();
    const held = await world.drive('hold', (call) => hold(call), { spec });
    expect([await world.version(), await world.digests()]).toEqual(['nothing', []]);
    const { downtimeMs } = await world.drive('restore', (call) => awsEcs.restore(call, savepoint), { spec });
    expect(downtimeMs).toBeGreaterThan(0);
    await world.drive('resume', (call) => resume(call, held), { spec });
    expect(await world.observe()).toBe(before);
  }, 60_000);

  it('is replaced by a deployment, which starts as many tasks as there were', async () => {
    const world = await open.serviceOf({ scaled: [1, 4] });
    const suspended = await world.suspended();
    await world.push('v2');
    const spec = world.specOf();
    world.pinned = await world.drive('prepare', (call) => prepare(call, 'v2'), { spec });
    await world.drive('hold', (call) => hold(call), { spec });
    await world.drive('deploy', (call) => awsEcs.apply(call, 'deploy', 'v2'), { spec });
    expect([await world.version(), (await world.digests()).length]).toEqual(['v2', 2]);
    expect(await world.suspended()).toEqual(suspended);
  }, 60_000);

  it('keeps what was before it when it is begun again by another release', async () => {
    const world = await open.serviceOf();
    await world.drive('hold', (call) => hold(call));
    const held = await world.drive('hold', (call) => hold(call), { release: 'bbbbbbbb-2222-4222-8222-222222222222' });
    expect(held).toMatchObject({ desired: 2, images: { app: world.first.digest } });
    const savepoint = await world.drive('save', (call) => awsEcs.save(call));
    expect(savepoint).toMatchObject({ absent: false, version: 'v1', state: { desired: 2 } });
  }, 60_000);

  it('of a service without tasks changes nothing', async () => {
    const world = await open.serviceOf({ count: 0 });
    expect(await world.drive('hold', (call) => hold(call))).toBeNull();
    await world.drive('resume', (call) => resume(call, null));
    expect(world.effects()).toEqual([]);
  }, 60_000);
});
