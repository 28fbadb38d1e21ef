import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { accountRoutes } from './accounts.ts';
import { operationRoutes } from './operations.ts';
import { type App, json, type Request, type Route, type Secrets } from './request.ts';
import { freshState, noFaults } from './state.ts';
import { tenantRoutes } from './tenants.ts';
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

const routes: readonly Route[] = [operationRoutes, accountRoutes, tenantRoutes, webhookRoutes];

/**
 * A real HTTP application as the runbooks describe theirs: sessions, tenants, tokens, signed webhooks, rate limits,
 * reports as PDF. `faults` and `state` may be changed while it runs.
 */
export async function startEvidenceApp({ port = 0, secrets = testSecrets } = {}): Promise<EvidenceApp> {
  const app: App = { state: freshState(), faults: { ...noFaults }, secrets };
  const server = createServer((request, response) => void serve(request, response, app));
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

async function serve(incoming: IncomingMessage, response: ServerResponse, app: App): Promise<void> {
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
  for (const route of routes) if (await route(request, response, app)) return;
  json(response, 404, { error: 'not found' });
}

function cookiesOf(header: string): Map<string, string> {
  const pairs = header.split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.map(([name = '', value = '']) => [name, value]));
}
