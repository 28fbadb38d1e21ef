import type { ServerResponse } from 'node:http';
import { json, type Request, type Route } from '../request.ts';
import { allowOrigin } from '../tenants.ts';
import { shopOf } from './guard.ts';
import { countUp } from './metrics.ts';
import type { Blossom } from './stores.ts';
import { segmentsOf } from './templates.ts';

type Campaign = { id: number; name: string; template: string };
type Call = { request: Request; response: ServerResponse; shop: string; blossom: Blossom };

const pricePerSegment = 0.0079;

/** Campaigns of a shop: made, read, changed, estimated, sent to one number as a test, removed. */
export function campaignRoutes(blossom: Blossom): Route {
  return async (request, response, app) => {
    const { pathname } = request.url;
    if (!pathname.startsWith('/api/campaigns')) return false;
    allowOrigin(request, response, app);
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return true;
    }
    const shop = await shopOf(request, response, { app, blossom });
    if (shop === null) return true;
    const [, id, action] = /^\/api\/campaigns(?:\/(\d+)(?:\/([\w-]+))?)?$/.exec(pathname) ?? [];
    const call = { request, response, shop, blossom };
    if (id === undefined) await collection(call);
    else await single(call, Number(id), action);
    return true;
  };
}

async function collection({ request, response, shop, blossom: { pool } }: Call): Promise<void> {
  if (request.method === 'POST') {
    const { name, template } = fields<Campaign>(request);
    const { rows } = await pool.query<Campaign>(
      'INSERT INTO campaigns (shop_domain, name, template) VALUES ($1, $2, $3) RETURNING id, name, template',
      [shop, name, template],
    );
    return json(response, 201, rows[0]);
  }
  const { rows } = await pool.query<Campaign>(
    'SELECT id, name, template FROM campaigns WHERE shop_domain = $1 ORDER BY id DESC LIMIT 50',
    [shop],
  );
  json(response, 200, { shop, campaigns: rows });
}

async function single(call: Call, id: number, action: string | undefined): Promise<void> {
  const { request, response, shop, blossom } = call;
  const { rows } = await blossom.pool.query<Campaign>(
    'SELECT id, name, template FROM campaigns WHERE id = $1 AND shop_domain = $2',
    [id, shop],
  );
  const [campaign] = rows;
  if (campaign === undefined) return json(response, 404, { error: 'no such campaign' });
  const does = actions[`${request.method} ${action ?? ''}`.trim()];
  if (does === undefined) return json(response, 405, { error: 'not possible' });
  await does(call, campaign);
}

const actions: Record<string, (call: Call, campaign: Campaign) => Promise<void>> = {
  GET: async ({ response }, campaign) => json(response, 200, campaign),
  PATCH: async ({ request, response, blossom: { pool, faults } }, campaign) => {
    const { name = campaign.name } = fields<Partial<Campaign>>(request);
    if (!faults.forgetsChanges) await pool.query('UPDATE campaigns SET name = $2 WHERE id = $1', [campaign.id, name]);
    json(response, 200, { ...campaign, name });
  },
  DELETE: async ({ response, blossom: { pool } }, { id }) => {
    await pool.query('DELETE FROM campaigns WHERE id = $1', [id]);
    response.writeHead(204).end();
  },
  'POST estimate': async ({ request, response, blossom: { faults } }, { template }) => {
    const { recipients } = fields<{ recipients: number }>(request);
    const segments = faults.wrongEstimate ? 1 : segmentsOf(template);
    const cost = Number((recipients * segments * pricePerSegment).toFixed(2));
    json(response, 200, { recipients, segments, cost, currency: 'USD' });
  },
  'POST test-send': async ({ request, response, blossom: { queues, faults, metrics } }, { id, template }) => {
    const { to } = fields<{ to: string }>(request);
    countUp(metrics, 'sms_messages_enqueued_total');
    const data = { campaignId: id, to, body: template, test: true };
    if (!faults.losesTestMessages) await queues.campaigns.add('send', data, { jobId: `smoke-campaign-${id}` });
    json(response, 202, { accepted: true });
  },
  'GET messages': async ({ response, blossom: { pool } }, { id }) => {
    const { rows } = await pool.query<{ body: string; test: boolean }>(
      'SELECT body, test FROM messages WHERE campaign_id = $1',
      [id],
    );
    json(response, 200, { messages: rows });
  },
};

function fields<T>({ body }: Request): T {
  return JSON.parse(body.toString('utf8') || '{}') as T;
}
