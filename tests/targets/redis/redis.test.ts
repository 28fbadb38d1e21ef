import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Call } from '../../../src/release/target.ts';
import { type RedisSpec, redisSchema } from '../../../src/targets/redis/redis.schema.ts';
import { redis } from '../../../src/targets/redis/redis.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { findRedis, isMissing } from '../../support/tools.ts';

const program = await findRedis();

function callOn(server: RedisServer, more: Record<string, unknown> = {}, signal?: AbortSignal): Call<RedisSpec> {
  return {
    spec: redisSchema.parse({ url: server.url, contents: 'cache', prefix: 'shop:cache:', ...more }),
    application: 'shop',
    environment: 'test',
    target: 'cache',
    release: 'release-1',
    home: '/',
    key: 'release-1/cache/restore',
    fence: 1,
    pinned: null,
    signal: signal ?? new AbortController().signal,
    log: { info: () => {}, warn: () => {} },
  };
}

async function restore(call: Call<RedisSpec>) {
  const saved = await redis.save(call);
  if (saved.state !== 'done') throw new Error('a cache has nothing to save');
  const step = await redis.restore(call, saved.value);
  if (step.state !== 'done') throw new Error('it was not done');
  return step.value;
}

async function fill(server: RedisServer, count: number, name: (at: number) => string): Promise<void> {
  for (let from = 0; from < count; from += 5_000) {
    const lot = server.client.pipeline();
    for (let at = from; at < Math.min(count, from + 5_000); at += 1) lot.set(name(at), `value ${at}`);
    await lot.exec();
  }
}

describe('a plan with a Redis', () => {
  it('says which keys are the cache', () => {
    const written = { url: 'redis://cache', contents: 'cache' };
    expect(redisSchema.safeParse(written).error?.issues[0]).toMatchObject({ path: ['prefix'] });
    expect(redisSchema.safeParse({ ...written, contents: 'queue' }).success).toBe(true);
    expect(redisSchema.safeParse({ ...written, prefix: '' }).success).toBe(false);
    expect(redisSchema.safeParse({ ...written, url: 'http://cache' }).success).toBe(false);
  });
});

describe.skipIf(isMissing(program))('a Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ password: 'a-good:password' });
  });
  afterEach(() => server.client.flushall());
  afterAll(() => server?.stop());

  it('loses 50,000 cached keys in a full rollback, and keeps every other', async () => {
    await fill(server, 50_000, (at) => `shop:cache:product-${at}`);
    await fill(server, 1_000, (at) => `shop:orders:${at}`);
    await server.client.set('shop:cacheless', 'not of the cache');
    const { detail, proof } = await restore(callOn(server));
    expect(detail).toBe('50000 keys that begin with shop:cache: were removed');
    expect(proof).toMatchObject({ level: 'nothing', differences: [] });
    expect(await server.client.dbsize()).toBe(1_001);
    expect(await server.client.get('shop:cacheless')).toBe('not of the cache');
  });

  it.each([
    ['BullMQ', 'hset', 'shop:cache:mails:meta', 'version', 'bullmq:5'],
    ['Bull', 'set', 'shop:cache:bull:mails:id', '17'],
    ['BullMQ', 'rpush', 'shop:cache:mails:wait', 'job-1'],
    ['BullMQ', 'xadd', 'shop:cache:mails:events', '*', 'event', 'added'],
    ['Sidekiq', 'rpush', 'shop:cache:queue:default', 'a job'],
    ['Sidekiq', 'zadd', 'shop:cache:retry', '1', 'a job'],
    ['Celery', 'sadd', 'shop:cache:_kombu.binding.celery', 'x'],
    ['Celery', 'rpush', 'shop:cache:celery', 'a task'],
    ['Resque', 'sadd', 'shop:cache:resque:queues', 'mails'],
    ['RQ', 'sadd', 'shop:cache:rq:queues', 'mails'],
    ['Laravel', 'rpush', 'shop:cache:queues:default', 'a job'],
    ['sessions', 'set', 'shop:cache:sess:4f1c0ffee', '{"user":17}'],
  ])('is not touched where keys of %s are below the prefix', async (of, command, ...words) => {
    await fill(server, 2_000, (at) => `shop:cache:product-${at}`);
    await server.client.call(command, ...words);
    await expect(restore(callOn(server))).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(of),
      details: { evidence: expect.stringContaining('shop:cache:'), remedy: expect.stringContaining('prefix') },
    });
    expect(await server.client.dbsize()).toBe(2_001);
    const { findings } = await redis.survey(callOn(server));
    expect(findings.filter(({ status }) => status === 'FAIL')).toEqual([
      expect.objectContaining({ what: expect.stringContaining(of) }),
    ]);
  });

  it('shows a few names, and neither values nor what follows in the name of a session', async () => {
    await fill(server, 100, (at) => `shop:cache:sess:secret-of-user-${at}`);
    const failure: unknown = await restore(callOn(server)).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      details: { evidence: expect.stringContaining('shop:cache:sess:… is of sessions') },
    });
    expect(JSON.stringify(failure)).not.toMatch(/secret-of-user|value \d/);
    expect(Reflect.get(Object(failure), 'details').evidence.split('\n')).toHaveLength(5);
  });

  it('is not taken for a queue by names alone', async () => {
    await server.client.set('shop:cache:page:meta', '<meta>');
    await server.client.set('shop:cache:user:active', 'yes');
    await server.client.set('shop:cache:retry', '3');
    expect((await restore(callOn(server))).detail).toContain('3 keys');
  });

  it('takes a prefix as it is written, and not as a pattern', async () => {
    await server.client.mset('shop*:[a]:1', 'mine', 'shop-x:a:1', 'of others', 'shopping', 'of others');
    await restore(callOn(server, { prefix: 'shop*:[a]:' }));
    expect((await server.client.keys('*')).toSorted()).toEqual(['shop-x:a:1', 'shopping']);
  });

  it.each(['queue', 'sessions'])('with %s in it is never emptied', async (contents) => {
    await fill(server, 10, (at) => `shop:cache:${at}`);
    const { detail } = await restore(callOn(server, { contents }));
    expect(detail).toContain('never emptied');
    expect(await server.client.dbsize()).toBe(10);
  });

  it('is emptied to the end by whoever goes on after a worker was lost', async () => {
    await fill(server, 20_000, (at) => `shop:cache:${at}`);
    const lost = new AbortController();
    const first = restore(callOn(server, {}, lost.signal)).catch((error: unknown) => error);
    while ((await server.client.dbsize()) > 15_000) await new Promise((resolve) => setTimeout(resolve, 1));
    lost.abort(new Error('the worker is gone'));
    await first;
    await restore(callOn(server));
    expect(await server.client.dbsize()).toBe(0);
  });

  it('can be told from one that nobody reaches, and from one that does not know the password', async () => {
    const wrong = { ...server, url: server.url.replace('good', 'bad') };
    const { findings } = await redis.survey(callOn(wrong));
    expect(findings).toEqual([
      expect.objectContaining({ status: 'FAIL', remedy: expect.stringContaining('password') }),
    ]);
    expect(JSON.stringify(findings)).not.toContain('a-bad');
    const nowhere = { ...server, url: 'redis://:a-good:password@127.0.0.1:1' };
    await expect(redis.survey(callOn(nowhere))).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('says in the survey how full it is and what happens when it is', async () => {
    await server.client.config('SET', 'maxmemory', '200mb');
    const cache = await redis.survey(callOn(server));
    expect(cache.findings.map(({ status }) => status)).toEqual(['PASS', 'WARN', 'PASS']);
    expect(cache.findings[0]?.what).toMatch(/it answers; .* of 200.00M in use, noeviction/);
    await server.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const queue = await redis.survey(callOn(server, { contents: 'queue' }));
    expect(queue.findings[1]).toMatchObject({
      status: 'WARN',
      what: expect.stringContaining('jobs may be thrown away'),
    });
    expect((await redis.survey(callOn(server))).findings.every(({ status }) => status === 'PASS')).toBe(true);
  });
});

describe.skipIf(isMissing(program))('a Redis with TLS', () => {
  it('is emptied when its certificate is known, and refused when it is not', async () => {
    const server = await startRedis({ tls: true, password: 'secret-word' });
    try {
      await fill(server, 10, (at) => `shop:cache:${at}`);
      const unknown = await redis.survey(callOn(server));
      expect(unknown.findings).toEqual([
        expect.objectContaining({ status: 'FAIL', remedy: expect.stringContaining('`ca`') }),
      ]);
      expect((await restore(callOn(server, { ca: server.ca }))).detail).toContain('10 keys');
    } finally {
      await server.stop();
    }
  });
});

describe.skipIf(isMissing(program))('a cluster of Redis', () => {
  it('is emptied slot by slot, and is told from a Redis alone', async () => {
    const server = await startRedis({ cluster: true });
    const alone = await startRedis();
    try {
      await fill(server, 2_000, (at) => `shop:cache:${at}`);
      await fill(server, 10, (at) => `shop:orders:${at}`);
      const missed = await redis.survey(callOn(server));
      expect(missed.findings).toContainEqual(
        expect.objectContaining({ status: 'FAIL', remedy: 'say `cluster: true`' }),
      );
      const { findings } = await redis.survey(callOn(server, { cluster: true }));
      expect(findings.filter(({ status }) => status === 'FAIL')).toEqual([]);
      expect((await restore(callOn(server, { cluster: true }))).detail).toContain('2000 keys');
      expect(await server.client.dbsize()).toBe(10);
      const wrong = await redis.survey(callOn(alone, { cluster: true }));
      expect(wrong.findings).toEqual([expect.objectContaining({ status: 'FAIL', remedy: 'leave `cluster` out' })]);
    } finally {
      await server.stop();
      await alone.stop();
    }
  });
});
