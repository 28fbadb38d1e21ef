/**
 * The process that works on the queues. With PORT it answers there, as one that is deployed must.
 */
import { createServer } from 'node:http';
import { type Job, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { sealed } from './sealing.ts';

const { DATABASE_URL = '', REDIS_URL = '', ENCRYPTION_KEY = '', HASH_PEPPER = '', PORT, VERSION = 'v1' } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 4, application_name: 'blossom worker' });
pool.on('error', () => undefined);
const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
connection.on('error', () => undefined);

/** `smoke` of any queue does nothing, and so proves that jobs are taken. */
async function work({ name, data, queueName }: Job): Promise<void> {
  if (name === 'smoke') return;
  if (queueName === 'events') {
    await pool.query('UPDATE webhook_events SET worked_on_at = now() WHERE id = $1', [data.eventId]);
  } else if (queueName === 'campaigns') {
    const { hash } = sealed(String(data.to), { encryption: ENCRYPTION_KEY, pepper: HASH_PEPPER });
    await pool.query('INSERT INTO messages (campaign_id, recipient_hash, body, test) VALUES ($1, $2, $3, $4)', [
      data.campaignId,
      hash,
      data.body,
      data.test,
    ]);
  }
}

const workers = ['events', 'automations', 'campaigns'].map(
  (name) => new Worker(name, work, { connection, drainDelay: 1 }),
);
for (const worker of workers) worker.on('error', () => undefined);
await Promise.all(workers.map((worker) => worker.waitUntilReady()));

const server = createServer((_, response) => {
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ status: 'ok', version: VERSION }));
});
if (PORT !== undefined) server.listen(Number(PORT), process.env.HOST ?? '127.0.0.1');
process.stdout.write('working\n');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close();
    await Promise.all(workers.map((worker) => worker.close()));
    connection.disconnect();
    await pool.end();
    process.exit(0);
  });
}
