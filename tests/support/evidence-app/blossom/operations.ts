import type { ServerResponse } from 'node:http';
import { json, type Route } from '../request.ts';
import { claimsOf } from '../tenants.ts';
import { countUp, metricsPage, observe } from './metrics.ts';
import { type Blossom, limitPrefix, queueNames } from './stores.ts';

/** Comes first: counts and times every request. */
export function measured({ metrics, faults }: Blossom): Route {
  return async (_, response) => {
    const began = performance.now();
    if (!faults.frozenMetrics) countUp(metrics, 'http_requests_total');
    response.on('finish', () => observe(metrics, 'http_request_duration_seconds', (performance.now() - began) / 1000));
    if (faults.noRequestId) response.removeHeader('x-request-id');
    return false;
  };
}

/** Health, metrics, and the removal of what checks wrote. */
export function operationRoutes(blossom: Blossom, version: string): Route {
  return async (request, response, app) => {
    switch (`${request.method} ${request.url.pathname}`) {
      case 'GET /health':
        await health(blossom, response, version);
        return true;
      case 'GET /queue/health':
        await queueHealth(blossom, response);
        return true;
      case 'GET /metrics': {
        const depths = new Map(await Promise.all(queueNames.map((name) => depthOf(blossom, name))));
        const page = metricsPage(blossom.metrics, depths, blossom.faults.missingMetrics);
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page);
        return true;
      }
      case 'DELETE /test-data':
        if ((await claimsOf(request, app)) === null) json(response, 401, { error: 'token' });
        else json(response, 200, { removed: await removeTestData(blossom) });
        return true;
      default:
        return false;
    }
  };
}

async function health({ pool, redis }: Blossom, response: ServerResponse, version: string): Promise<void> {
  const database = await pool.query('SELECT 1').then(
    () => 'connected',
    () => 'unreachable',
  );
  const cache = await redis.ping().catch(() => 'unreachable');
  const good = database === 'connected' && cache === 'PONG';
  json(response, good ? 200 : 503, { status: good ? 'ok' : 'down', version, database, redis: cache });
}

type QueueName = (typeof queueNames)[number];

async function depthOf({ queues }: Blossom, name: QueueName): Promise<[QueueName, number]> {
  return [name, await queues[name].count()];
}

async function queueHealth(blossom: Blossom, response: ServerResponse): Promise<void> {
  const working = queueNames.filter((name) => name !== 'dead-letter');
  const workers = await Promise.all(working.map((name) => blossom.queues[name].getWorkersCount()));
  const [, dead] = await depthOf(blossom, 'dead-letter');
  json(response, 200, { ok: workers.every((count) => count > 0), workers, deadLetter: dead });
}

/** Everything that is called `smoke-…`: rows, jobs and counted requests. */
async function removeTestData({ pool, queues, redis }: Blossom): Promise<number> {
  const events = await pool.query<{ id: string }>(`DELETE FROM webhook_events WHERE id LIKE 'smoke-%' RETURNING id`);
  const campaigns = await pool.query(`DELETE FROM campaigns WHERE name LIKE 'smoke-%'`);
  const discounts = await pool.query(`DELETE FROM discounts WHERE code LIKE 'smoke-%'`);
  for (const queue of [queues.events, queues.campaigns]) {
    const jobs = await queue.getJobs(['wait', 'delayed', 'active', 'completed', 'failed']);
    for (const job of jobs) if (job?.id?.startsWith('smoke-')) await job.remove().catch(() => undefined);
  }
  const limits = await redis.keys(`${limitPrefix}smoke-*`);
  if (limits.length > 0) await redis.del(limits);
  return events.rows.length + (campaigns.rowCount ?? 0) + (discounts.rowCount ?? 0);
}
