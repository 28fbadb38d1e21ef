import { Queue, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { queueSchema } from '../../src/checks/redis/queue.schema.ts';
import { queue } from '../../src/checks/redis/queue.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { findRedis, isMissing } from '../support/tools.ts';
import { asking } from './asking.ts';

const tool = await findRedis();
const missing = isMissing(tool) ? tool.missing : undefined;
if (missing !== undefined) console.warn(missing);

let server: RedisServer;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  if (missing === undefined) server = await startRedis();
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  await server?.client.flushall();
});
afterAll(() => server?.stop());

const ask = (job: object) =>
  queue.ask(asking(queueSchema.parse({ url: server.url, queue: 'events', job: { within: '200ms', ...job } })));

function jobs(): Queue {
  const made = new Queue('events', { connection: { url: server.url } });
  open.push(made);
  return made;
}

describe.skipIf(missing !== undefined)('SB-06 one job of a queue', () => {
  it('that was never added is a FAIL, and a PASS where it must not be there', async () => {
    expect(await ask({ id: 'smoke-1' })).toMatchObject({
      status: 'FAIL',
      summary: 'job smoke-1 is not in the queue after 200 ms',
    });
    expect(await ask({ id: 'smoke-1', absent: true })).toMatchObject({ status: 'PASS' });
  });

  it('is found by its id, and by what is in its data', async () => {
    await jobs().add('orders/create', { webhook: { id: 'w-7' }, shop: 'a' }, { jobId: 'smoke-1' });
    expect(await ask({ id: 'smoke-1' })).toMatchObject({ status: 'PASS' });
    expect(await ask({ data: { '$.webhook.id': 'w-7' } })).toMatchObject({ status: 'PASS' });
    expect(await ask({ data: { '$.webhook.id': 'w-8' } })).toMatchObject({ status: 'FAIL' });
    expect(await ask({ id: 'smoke-1', data: { '$.shop': 'b' } })).toMatchObject({ status: 'FAIL' });
    expect(await ask({ id: 'smoke-1', absent: true })).toMatchObject({
      status: 'FAIL',
      summary: 'job smoke-1 is in the queue, expected none',
    });
  });

  it('that must be done and only waits, or failed, is a FAIL; done, it is a PASS', async () => {
    await jobs().add('orders/create', {}, { jobId: 'smoke-1' });
    expect(await ask({ id: 'smoke-1', done: true })).toMatchObject({
      status: 'FAIL',
      summary: 'job smoke-1 is waiting and not done after 200 ms',
    });
    await jobs().add('broken', {}, { jobId: 'smoke-2' });
    const work = async ({ name }: { name: string }): Promise<void> => {
      if (name === 'broken') throw new Error('no');
    };
    open.push(new Worker('events', work, { connection: { url: server.url } }));
    expect(await ask({ id: 'smoke-1', done: true, within: '5s' })).toMatchObject({ status: 'PASS' });
    expect(await ask({ id: 'smoke-2', done: true, within: '5s' })).toMatchObject({
      status: 'FAIL',
      summary: 'job smoke-2 failed',
    });
  });

  it.each([
    [{}, 'must hold id, data or both'],
    [{ id: 'a', done: true, absent: true }, 'must not be given together with done'],
  ])('cannot be asked for as %j', (job, says) => {
    const parsed = queueSchema.safeParse({ url: 'redis://127.0.0.1', queue: 'events', job });
    expect(parsed.error?.issues.map(({ message }) => message)).toEqual([says]);
  });
});
