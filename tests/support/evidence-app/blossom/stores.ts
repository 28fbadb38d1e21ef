import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { type BlossomFaults, noBlossomFaults } from './faults.ts';
import { freshMetrics, type Metrics } from './metrics.ts';

export const queueNames = ['events', 'automations', 'campaigns', 'dead-letter'] as const;
export type QueueName = (typeof queueNames)[number];

/** How the names of everything in Redis begin that is only a cache. */
export const cachePrefix = 'blossom:cache:';
export const limitPrefix = 'blossom:limit:';

/** What the routes work with. `faults` and `metrics` may be changed while it runs. */
export type Blossom = {
  pool: pg.Pool;
  redis: Redis;
  queues: Record<QueueName, Queue>;
  faults: BlossomFaults;
  metrics: Metrics;
  close(): Promise<void>;
};

export type Addresses = { databaseUrl: string; redisUrl: string };

/** Jobs that are done are kept for a while, so that people and checks can look at them. */
const keeping = { removeOnComplete: { age: 3600, count: 1_000 }, removeOnFail: { age: 24 * 3600 } };

export async function openBlossom({ databaseUrl, redisUrl }: Addresses): Promise<Blossom> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 8, application_name: 'blossom' });
  pool.on('error', () => undefined);
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  const open = (name: QueueName): Queue => {
    const queue = new Queue(name, { connection: redis, defaultJobOptions: keeping });
    queue.on('error', () => undefined);
    return queue;
  };
  const queues = {
    events: open('events'),
    automations: open('automations'),
    campaigns: open('campaigns'),
    'dead-letter': open('dead-letter'),
  };
  const close = async (): Promise<void> => {
    await Promise.all(Object.values(queues).map((queue) => queue.close().catch(() => undefined)));
    redis.disconnect();
    await pool.end();
  };
  return { pool, redis, queues, faults: { ...noBlossomFaults }, metrics: freshMetrics(), close };
}
