import type { ServerResponse } from 'node:http';
import { type App, json, type Request } from '../request.ts';
import { claimsOf } from '../tenants.ts';
import { type Blossom, limitPrefix } from './stores.ts';

/** Requests of one user in a minute. */
const limit = 30;

/** The shop that a request is from; null: it was refused, and answered. */
export async function shopOf(
  request: Request,
  response: ServerResponse,
  { app, blossom }: { app: App; blossom: Blossom },
): Promise<string | null> {
  const claims = await claimsOf(request, app);
  if (claims === null) {
    json(response, 401, { error: 'token' });
    return null;
  }
  if (await isOverLimit(String(claims.sub), response, { app, blossom })) {
    json(response, 429, { error: 'slow down' });
    return null;
  }
  return String(claims.shop);
}

async function isOverLimit(
  who: string,
  response: ServerResponse,
  { app, blossom }: { app: App; blossom: Blossom },
): Promise<boolean> {
  if (app.faults.noRateLimit) return false;
  const key = `${limitPrefix}${who}`;
  const count = await blossom.redis.incr(key);
  if (count === 1) await blossom.redis.expire(key, 60);
  response.setHeader('x-ratelimit-remaining', Math.max(0, limit - count));
  if (count > limit) response.setHeader('retry-after', 30);
  return count > limit;
}
