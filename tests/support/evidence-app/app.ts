import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { accountRoutes } from './accounts.ts';
import { operationRoutes } from './operations.ts';
import { pageRoutes } from './pages.ts';
import { type App, json, type Request, type Route, type Secrets } from './request.ts';
import { freshState, noFaults } from './state.ts';
import { tenantRoutes } from './tenants.ts';
import { trackerRoutes } from './tracker.ts';
import { webhookRoutes } from './webhooks.ts';

export type EvidenceApp = App & { url: string; stop(): Promise<void> };

export const testSecrets: Secrets = {
  jwt: 'jwt-signing-secret-of-the-evidence-app-0001',
  shopify: 'shopify-hmac-secret-0002',
  meta: 'meta-app-secret-0003',
  github: 'github-hook-secret-0004',
  verifyToken: 'verify-me-0005',
  ops: 'ops-password-0006',
};

const routes: readonly Route[] = [
  operationRoutes,
  accountRoutes,
  tenantRoutes,
  webhookRoutes,
  pageRoutes,
  trackerRoutes,
];

/** `more`: routes that come first, such as those of `blossom/` with its database and queues. */
type Options = { port?: number; secrets?: Secrets; more?: readonly Route[] };

/**
 * A real HTTP application as the runbooks describe theirs: sessions, tenants, tokens, signed webhooks, rate limits,
 * reports as PDF. `faults` and `state` may be changed while it runs.
 */
export async function startEvidenceApp({
  port = 0,
  secrets = testSecrets,
  more = [],
}: Options = {}): Promise<EvidenceApp> {
  const app: App = { state: freshState(), faults: { ...noFaults }, secrets };
  const server = createServer((incoming, response) => {
    // What a route throws, such as a database that is away, is an answer too.
    serve({ incoming, response }, app, [...more, ...routes]).catch(() => {
      if (response.headersSent) response.destroy();
      else json(response, 500, { error: 'failed' });
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: chosen } = server.address() as AddressInfo;
  return { ...app, url: `http://127.0.0.1:${chosen}`, stop: () => stop(server, sockets) };
}

async function stop(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}

type Exchange = { incoming: IncomingMessage; response: ServerResponse };

async function serve({ incoming, response }: Exchange, app: App, all: readonly Route[]): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const request: Request = {
    method: incoming.method ?? 'GET',
    url: new URL(incoming.url ?? '/', 'http://app.test'),
    headers: incoming.headers,
    cookies: cookiesOf(incoming.headers.cookie ?? ''),
    body: Buffer.concat(chunks),
  };
  app.state.requests += 1;
  response.setHeader('x-request-id', `req-${app.state.requests}`);
  if (app.faults.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, app.faults.slowMs));
  if (app.faults.down) return json(response, 503, { error: 'down' });
  for (const route of all) if (await route(request, response, app)) return;
  json(response, 404, { error: 'not found' });
}

function cookiesOf(header: string): Map<string, string> {
  const pairs = header.split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.map(([name = '', value = '']) => [name, value]));
}
