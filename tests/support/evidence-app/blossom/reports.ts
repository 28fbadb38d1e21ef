import { setTimeout as sleep } from 'node:timers/promises';
import { json, type Route } from '../request.ts';
import { shopOf } from './guard.ts';
import { countUp, observe } from './metrics.ts';
import { type Blossom, cachePrefix } from './stores.ts';

const queries: Record<string, string> = {
  overview: `SELECT (SELECT count(*)::int FROM customers) AS customers, (SELECT count(*)::int FROM campaigns) AS campaigns`,
  campaigns: `SELECT count(*)::int AS campaigns, count(DISTINCT shop_domain)::int AS shops FROM campaigns`,
  messaging: `SELECT count(*)::int AS messages, count(*) FILTER (WHERE test)::int AS tests FROM messages`,
};

/** `GET /reports/…`, kept in Redis for a minute. `x-cache` says whether it was. */
export function reportRoutes(blossom: Blossom): Route {
  let reads = 0;
  return async (request, response, app) => {
    const name = /^\/reports\/(overview|campaigns|messaging)$/.exec(request.url.pathname)?.[1] ?? '';
    const query = queries[name];
    if (query === undefined) return false;
    const shop = await shopOf(request, response, { app, blossom });
    if (shop === null) return true;
    const began = performance.now();
    reads += 1;
    const { value, hit } = await cached(blossom, `${cachePrefix}report:${shop}:${name}`, query);
    if (blossom.faults.reportDelayMs > 0 && reads % 4 === 0) await sleep(blossom.faults.reportDelayMs);
    countUp(blossom.metrics, hit ? 'report_cache_hits_total' : 'report_cache_misses_total');
    observe(blossom.metrics, 'report_duration_seconds', (performance.now() - began) / 1000);
    response.setHeader('x-cache', hit ? 'hit' : 'miss');
    json(response, 200, { report: name, data: value });
    return true;
  };
}

async function cached({ redis, pool, faults }: Blossom, key: string, query: string) {
  const kept = faults.cacheNeverHits ? null : await redis.get(key);
  if (kept !== null) return { value: JSON.parse(kept) as unknown, hit: true };
  const { rows } = await pool.query<Record<string, number>>(query);
  await redis.set(key, JSON.stringify(rows[0] ?? {}), 'EX', 60);
  return { value: rows[0] ?? {}, hit: false };
}
