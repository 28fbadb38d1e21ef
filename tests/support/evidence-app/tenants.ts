import type { ServerResponse } from 'node:http';
import { decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { userOf } from './accounts.ts';
import { type App, json, type Request, type Route } from './request.ts';

/** The API of tenants by bearer token, with CORS and a rate limit, and reports for who is logged in. */
export const tenantRoutes: Route = async (request, response, app) => {
  const { pathname } = request.url;
  if (pathname.startsWith('/api/')) return await api(request, response, app);
  if (/^\/reports\/\d+\.pdf$/.test(pathname)) return report(request, response, app);
  if (pathname === '/seed' || pathname === '/demo') {
    json(response, app.faults.openSeeds ? 200 : 403, {});
    return true;
  }
  return false;
};

const origin = 'https://app.shop.test';

async function api(request: Request, response: ServerResponse, app: App): Promise<boolean> {
  allowOrigin(request, response, app);
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return true;
  }
  if (isOverLimit(request, response, app)) {
    json(response, 429, { error: 'slow down' });
    return true;
  }
  const tenant = await tenantOf(request, app);
  if (tenant === null) json(response, 401, { error: 'token' });
  else if (request.url.pathname === '/api/campaigns') {
    const own = app.state.campaigns.filter((campaign) => app.faults.leaksTenants || campaign.tenant === tenant);
    json(response, 200, { tenant, campaigns: own });
  } else {
    const id = Number(/^\/api\/campaigns\/(\d+)$/.exec(request.url.pathname)?.[1]);
    const found = app.state.campaigns.find((campaign) => campaign.id === id);
    const visible = found !== undefined && (app.faults.leaksTenants || found.tenant === tenant);
    json(response, visible ? 200 : 404, visible ? found : { error: 'not found' });
  }
  return true;
}

/** Lets pages of the application's own frontend in. */
export function allowOrigin({ headers }: Request, response: ServerResponse, { faults }: App): void {
  response.setHeader('vary', 'origin');
  if (faults.anyOrigin) response.setHeader('access-control-allow-origin', '*');
  else if (headers.origin === origin || (faults.reflectsOrigin && headers.origin !== undefined)) {
    response.setHeader('access-control-allow-origin', headers.origin ?? '');
    response.setHeader('access-control-allow-credentials', 'true');
  } else return;
  response.setHeader('access-control-allow-methods', 'GET, POST, DELETE');
  response.setHeader('access-control-allow-headers', 'authorization, content-type');
}

/** Ten requests for each token or address; tests empty `counted` where a minute would pass. */
const limit = 10;

function isOverLimit({ headers }: Request, response: ServerResponse, { state, faults }: App): boolean {
  if (faults.noRateLimit) return false;
  const who = headers['x-forwarded-for']?.toString() ?? 'everybody';
  const count = (state.counted.get(who) ?? 0) + 1;
  state.counted.set(who, count);
  if (!faults.noRateLimitHeaders) {
    response.setHeader('x-ratelimit-limit', limit);
    response.setHeader('x-ratelimit-remaining', Math.max(0, limit - count));
    if (count > limit) response.setHeader('retry-after', 30);
  }
  return count > limit;
}

async function tenantOf(request: Request, app: App): Promise<string | null> {
  const claims = await claimsOf(request, app);
  return claims === null ? null : String(claims.tenant);
}

/** What a bearer token says; null for one that is missing or wrong. */
export async function claimsOf({ headers }: Request, { secrets, faults }: App): Promise<JWTPayload | null> {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) return null;
  try {
    if (faults.forgedTokens) return decodeJwt(token);
    const tolerance = faults.expiredTokens ? 1_000_000_000 : 0;
    const key = new TextEncoder().encode(secrets.jwt);
    return (await jwtVerify(token, key, { algorithms: ['HS256'], clockTolerance: tolerance })).payload;
  } catch {
    return null;
  }
}

/** The smallest PDF that readers open. */
const pdf = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj
trailer<</Root 1 0 R>>
%%EOF
`;

function report(request: Request, response: ServerResponse, app: App): true {
  if (userOf(request, app) === undefined) json(response, 401, { error: 'log in' });
  else if (app.faults.brokenReports) {
    response.writeHead(200, { 'content-type': 'application/pdf' }).end('<html>Internal error</html>');
  } else response.writeHead(200, { 'content-type': 'application/pdf' }).end(pdf);
  return true;
}
