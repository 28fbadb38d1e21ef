import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { approve } from '../support/release.ts';
import { findRedis, isMissing } from '../support/tools.ts';

const program = await findRedis();
vi.setConfig({ testTimeout: 60_000 });

describe.skipIf(isMissing(program))('a cache in a plan', () => {
  const bench = benchForFile();
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    process.env.TEST_OF_CACHES_URL = server.url;
  });
  afterEach(() => server.client.flushall());
  afterAll(() => server?.stop());

  /** A shop whose new backend does not start; its cache is filled, and stands last in the plan. */
  async function shop(application: string, compatibility: string, backend: object): Promise<object> {
    await server.client.mset('shop:1', 'a', 'shop:2', 'b', 'orders:1', 'of others');
    const cache = { kind: 'redis', url: '${env:TEST_OF_CACHES_URL}', contents: 'cache', prefix: 'shop:' };
    const plan = memoryPlan({ application, database: { compatibility }, backend });
    return { ...plan, targets: { ...Object(Reflect.get(plan, 'targets')), cache } };
  }

  const fails = { faults: [{ verb: 'apply', change: 'deploy', kind: 'failed', when: 'half', times: 1 }] };
  const names = async () => (await server.client.keys('*')).toSorted();

  it('is emptied by a full rollback, after everything else is back, and the report says how many keys', async () => {
    const handle = await bench().start(await shop('cache-full', 'breaking', fails));
    await approve(handle);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'deploy backend' });
    expect(result.restored.at(-1)).toMatchObject({
      target: 'cache',
      proved: 'nothing',
      detail: '2 keys that begin with shop: were removed',
    });
    expect(await names()).toEqual(['orders:1']);
    expect(memoryWorld(worldsOf('cache-full').backend).state.version).toBe('v1');
  });

  it('stays as it is when code goes back alone, and when a release goes well', async () => {
    const back = await bench().start(await shop('cache-code', 'backward', fails));
    await approve(back);
    expect(await back.result()).toMatchObject({ outcome: 'rolled-back' });
    expect(await names()).toHaveLength(3);
    const well = await bench().start(await shop('cache-well', 'backward', {}));
    await approve(well);
    expect(await well.result()).toMatchObject({ outcome: 'released' });
    expect(await names()).toHaveLength(3);
  });

  it('stops a release before anything is changed where it holds a queue', async () => {
    const plan = await shop('cache-queue', 'breaking', fails);
    const handle = await bench().start(plan);
    await server.client.rpush('shop:mails:wait', 'a job');
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'stopped' });
    expect(result.failure?.message).toContain('a queue of BullMQ');
    expect(await names()).toHaveLength(4);
  });

  it('can be emptied alone after a release', async () => {
    const plan = await shop('cache-alone', 'backward', {});
    const first = await bench().start(plan);
    await approve(first);
    expect(await first.result()).toMatchObject({ outcome: 'released' });
    const from = first.firstExecutionRunId;
    const continuation = { as: 'bring-back', reason: 'it shows old prices', from, targets: ['cache'] } as const;
    const second = await bench().start(plan, { continuation: { ...continuation, targets: [...continuation.targets] } });
    expect(await second.result()).toMatchObject({
      outcome: 'rolled-back',
      restored: [{ target: 'cache', detail: '2 keys that begin with shop: were removed' }],
    });
    expect(await names()).toEqual(['orders:1']);
    expect(memoryWorld(worldsOf('cache-alone').backend).state.version).toBe('v2');
  });
});
