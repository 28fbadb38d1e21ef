import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type App, json, type Request, type Route } from './request.ts';

/** Webhooks as Shopify, Meta and GitHub send them, and the app proxy of Shopify. */
export const webhookRoutes: Route = async (request, response, app) => {
  const { pathname, searchParams } = request.url;
  if (pathname === '/proxy') return proxy(request, response, app);
  if (request.method === 'GET' && pathname === '/webhooks/meta') {
    const right = searchParams.get('hub.verify_token') === app.secrets.verifyToken;
    response.writeHead(right ? 200 : 403).end(right ? searchParams.get('hub.challenge') : '');
    return true;
  }
  const source = /^\/webhooks\/(shopify|meta|github)(\/|$)/.exec(pathname)?.[1];
  if (source === undefined || request.method !== 'POST') return false;
  return receive(source, request, { response, app });
};

const hmac = (secret: string, body: Buffer | string): Buffer => createHmac('sha256', secret).update(body).digest();

/** Does the signature fit to the body? `source`: shopify, meta or github. */
export function isRightlySigned(source: string, { headers, body }: Request, { secrets, faults }: App): boolean {
  const secret = { shopify: secrets.shopify, meta: secrets.meta, github: secrets.github }[source] ?? '';
  const wanted = hmac(faults.wrongSecret ? `${secret}-old` : secret, body);
  const sent =
    source === 'shopify'
      ? Buffer.from(String(headers['x-shopify-hmac-sha256'] ?? ''), 'base64')
      : Buffer.from(String(headers['x-hub-signature-256'] ?? '').replace(/^sha256=/, ''), 'hex');
  return faults.unsignedWebhooks || isSame(sent, wanted);
}

function receive(source: string, request: Request, { response, app }: { response: ServerResponse; app: App }): true {
  const { headers, body } = request;
  const { state } = app;
  if (!isRightlySigned(source, request, app)) json(response, 401, { error: 'signature' });
  else {
    const id = String(
      headers['x-shopify-webhook-id'] ?? headers['x-github-delivery'] ?? `event-${state.events.length}`,
    );
    const known = state.events.some((event) => event.id === id);
    if (!known) state.events.push({ source, id, body: body.toString('utf8') });
    json(response, 200, { id, duplicate: known });
  }
  return true;
}

function isSame(sent: Buffer, wanted: Buffer): boolean {
  return sent.length === wanted.length && timingSafeEqual(sent, wanted);
}

/** The storefront's requests carry `signature`: the HMAC of all other parameters, sorted and joined. */
function proxy({ url }: Request, response: ServerResponse, { secrets, faults }: App): true {
  const parameters = new Map<string, string[]>();
  for (const [key, value] of url.searchParams) parameters.set(key, [...(parameters.get(key) ?? []), value]);
  const sent = parameters.get('signature')?.[0] ?? '';
  parameters.delete('signature');
  const text = [...parameters].map(([key, values]) => `${key}=${values.join(',')}`).sort();
  const right = isSame(Buffer.from(sent, 'hex'), hmac(secrets.shopify, text.join('')));
  json(response, right || faults.unsignedWebhooks ? 200 : 403, { shop: url.searchParams.get('shop') });
  return true;
}
