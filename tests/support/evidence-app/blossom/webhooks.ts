import { json, type Route } from '../request.ts';
import { isRightlySigned } from '../webhooks.ts';
import { countUp } from './metrics.ts';
import type { Blossom } from './stores.ts';

/** Webhooks of Shopify: each is stored, and put into the queue under its own id, so that a second delivery is no second job. */
export function webhookRoutes(blossom: Blossom): Route {
  return async (request, response, app) => {
    const topic = /^\/webhooks\/shopify\/(.+)$/.exec(request.url.pathname)?.[1];
    if (topic === undefined || request.method !== 'POST') return false;
    const signed = isRightlySigned('shopify', request, app);
    const { faults } = blossom;
    const id = String(request.headers['x-shopify-webhook-id'] ?? '');
    if (signed || faults.keepsRefusedWebhooks) {
      const shop = String(request.headers['x-shopify-shop-domain'] ?? '');
      await keep(blossom, { id, topic, shop, payload: request.body.toString('utf8') });
    }
    json(response, signed ? 200 : 401, signed ? { id } : { error: 'signature' });
    return true;
  };
}

type Event = { id: string; topic: string; shop: string; payload: string };

async function keep({ pool, queues, faults, metrics }: Blossom, { id, topic, shop, payload }: Event): Promise<void> {
  countUp(metrics, 'sms_webhooks_received_total');
  if (!faults.webhooksNotStored) {
    await pool.query(
      'INSERT INTO webhook_events (id, shop_domain, topic, payload) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING',
      [id, shop, topic, payload],
    );
  }
  if (!faults.webhooksNotEnqueued) await queues.events.add(topic, { eventId: id, shop }, { jobId: id });
}
