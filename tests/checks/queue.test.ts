import { readFile } from 'node:fs/promises';
import { Queue, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { queueSchema } from '../../src/checks/redis/queue.schema.ts';
import { queue } from '../../src/checks/redis/queue.ts';
import { redisSchema } from '../../src/checks/redis/redis.schema.ts';
import { redis } from '../../src/checks/redis/redis.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { findRedis, isMissing } from '../support/tools.ts';
import { asking } from './asking.ts';

const tool = await findRedis();
const missing = isMissing(tool) ? tool.missing : undefined;
if (missing !== undefined) console.warn(missing);

let server: RedisServer;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  if (missing === undefined)
    server = await startRedis({ settings: ['--maxmemory', '100mb', '--maxmemory-policy', 'noeviction'] });
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  await server?.client.flushall();
});
afterAll(() => server?.stop());

const askRedis = (more: object = {}) => redis.ask(asking(redisSchema.parse({ url: server.url, ...more })));
const askQueue = (more: object = {}) =>
  queue.ask(asking(queueSchema.parse({ url: server.url, queue: 'orders', ...more })));

function connection(): { connection: { url: string } } {
  return { connection: { url: server.url } };
}

function jobs(name = 'orders'): Queue {
  const made = new Queue(name, connection());
  open.push(made);
  return made;
}

async function worker(work: (name: string) => Promise<unknown>): Promise<void> {
  const made = new Worker('orders', async ({ name }) => await work(name), { ...connection(), drainDelay: 1 });
  open.push(made);
  await made.waitUntilReady();
}

describe.skipIf(missing !== undefined)('SB-04 Redis', () => {
  it('that answers as the primary with room left is a PASS', async () => {
    const answer = await askRedis({ latency: 1_000, memory: { warn: 80, fail: 90 }, policy: 'noeviction' });
    expect(answer).toMatchObject({ status: 'PASS' });
    expect(answer.evidence).toContain('role master');
  });

  it('whose memory is fuller than it should be is a WARN, fuller than it may be a FAIL', async () => {
    expect(await askRedis({ memory: { warn: 0, fail: 90 } })).toMatchObject({ status: 'WARN' });
    expect(await askRedis({ memory: 0 })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('% of maxmemory is used'),
    });
  });

  it('that throws away what a queue needs, or is another than it should be, is a FAIL', async () => {
    expect(await askRedis({ policy: 'allkeys-lru' })).toMatchObject({
      status: 'FAIL',
      summary: 'maxmemory-policy is noeviction, expected allkeys-lru',
    });
    expect(await askRedis({ role: 'slave' })).toMatchObject({
      status: 'FAIL',
      summary: 'it is a master, expected a slave',
    });
  });

  it('that is not there is a FAIL, and one that refuses the password is PENDING and quotes none', async () => {
    expect(await askRedis({ url: 'redis://127.0.0.1:1' })).toMatchObject({
      status: 'FAIL',
      summary: 'redis://127.0.0.1:1 does not answer',
    });
    const guarded = await startRedis({ password: 'the-right-one' });
    const url = guarded.url.replace('the-right-one', 'a-wrong-one');
    const answer = await askRedis({ url });
    await guarded.stop();
    expect(answer).toMatchObject({ status: 'PENDING' });
    expect(JSON.stringify(answer)).not.toContain('a-wrong-one');
  });
});

describe('SB-04 a Redis that no way leads to', () => {
  it.each(['redis://nobody.invalid', '${env:NOT_SET}'])('is PENDING: %s', async (url) => {
    const pending = { status: 'PENDING', summary: expect.stringContaining('could not be reached from here') };
    expect(await askRedis({ url })).toMatchObject(pending);
    expect(await askQueue({ url })).toMatchObject(pending);
  });
});

describe.skipIf(missing !== undefined)('SB-04 a queue', () => {
  it('whose smoke job is done is a PASS, and the job is gone again', async () => {
    const done: string[] = [];
    await worker(async (name) => done.push(name));
    expect(await askQueue({ depth: 100, failed: 0, workers: 1, smoke: { job: 'smoke' } })).toMatchObject({
      status: 'PASS',
    });
    expect(done).toEqual(['smoke']);
    expect(await jobs().getJobCounts('completed', 'failed', 'waiting', 'active')).toEqual({
      completed: 0,
      failed: 0,
      waiting: 0,
      active: 0,
    });
  });

  it('whose smoke job nobody takes, or which fails, is a FAIL with the reason, and leaves no job', async () => {
    expect(await askQueue({ smoke: { within: '300ms' } })).toMatchObject({
      status: 'FAIL',
      summary: 'the smoke job was taken by nobody within 300 ms',
    });
    expect(await jobs().count()).toBe(0);
    await worker(async () => {
      throw new Error('no such template');
    });
    expect(await askQueue({ smoke: {} })).toMatchObject({
      status: 'FAIL',
      summary: 'the smoke job failed: no such template',
    });
  });

  it('that is deeper than it should be is a WARN, deeper than it may be a FAIL', async () => {
    await jobs().addBulk(
      Array.from({ length: 5 }, (_, n) => ({ name: 'order', data: { n }, opts: n < 2 ? { delay: 60_000 } : {} })),
    );
    expect(await askQueue({ depth: { warn: 4, fail: 100 } })).toMatchObject({
      status: 'WARN',
      summary: '5 jobs wait in orders, limit 4',
    });
    expect(await askQueue({ depth: 4 })).toMatchObject({ status: 'FAIL' });
    expect(await jobs().count()).toBe(5);
  });

  it('that is paused, or has too few workers, is a FAIL; a dead-letter queue must be empty', async () => {
    expect(await askQueue({ workers: 1 })).toMatchObject({
      status: 'FAIL',
      summary: '0 workers are connected to orders, expected at least 1',
    });
    await jobs().pause();
    expect(await askQueue()).toMatchObject({ status: 'FAIL', summary: 'orders is paused' });
    await jobs('orders-dead').add('lost', {});
    expect(await askQueue({ queue: 'orders-dead', depth: 0 })).toMatchObject({
      status: 'FAIL',
      summary: '1 jobs wait in orders-dead, limit 0',
    });
  });

  it('on a server that is not there, or that stops answering, is a FAIL', async () => {
    expect(await askQueue({ url: 'redis://127.0.0.1:1' })).toMatchObject({ status: 'FAIL' });
    await server.client.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const answer = await askQueue({ timeout: '300ms' });
    await server.client.call('CLIENT', 'UNPAUSE');
    expect(answer).toMatchObject({ status: 'FAIL', evidence: expect.stringContaining('timed out') });
  });
});

describe.skipIf(missing !== undefined)('SB-04 a queue that may not be looked at', () => {
  let guarded: RedisServer;
  beforeAll(async () => {
    if (missing === undefined) guarded = await startRedis({ password: 'the-right-one' });
  });
  afterAll(() => guarded?.stop());

  const askAs = (authority: string, more: object = {}) =>
    askQueue({ url: guarded.url.replace(':the-right-one@', authority), ...more });

  it('is PENDING with a wrong password and without one, and quotes none', async () => {
    expect(await askAs(':the-right-one@')).toMatchObject({ status: 'PASS' });
    const refused = {
      status: 'PENDING',
      summary: expect.stringMatching(/^redis:\/\/127\.0\.0\.1:\d+ lets nobody in with this user and password$/),
      remedy: 'correct the reference in url',
    };
    const wrong = await askAs(':a-wrong-one@', { depth: 0 });
    expect(wrong).toMatchObject(refused);
    expect(JSON.stringify(wrong)).not.toContain('a-wrong-one');
    expect(await askAs('', { depth: 0 })).toMatchObject(refused);
  });

  it('is PENDING for a user whose rights end before its keys, and its smoke job is not added', async () => {
    await guarded.client.call('ACL', 'SETUSER', 'other', 'on', '>known', '~other:*', '+@all');
    const answer = await askAs('other:known@', { smoke: { within: '300ms' } });
    expect(answer).toMatchObject({ status: 'PENDING', evidence: expect.stringContaining('NOPERM') });
    expect(await guarded.client.keys('bull:orders:*')).toEqual([]);
  });

  it('is PENDING on a server whose certificate nobody vouches for, and a PASS with its authority', async () => {
    const sealed = await startRedis({ tls: true });
    const ca = await readFile(sealed.ca ?? '', 'utf8');
    const answers = [await askQueue({ url: sealed.url }), await askQueue({ url: sealed.url, ca })];
    await sealed.stop();
    expect(answers).toMatchObject([{ status: 'PENDING', remedy: 'name its authority with ca' }, { status: 'PASS' }]);
  });
});
