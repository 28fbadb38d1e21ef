import { type FSWatcher, mkdirSync, readFileSync, readlinkSync, watch } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';
import { request as ask } from 'undici';
import type { Ledger } from './ledger.ts';

/** The one public address of a world: `/api/…` goes where the switch file says, all else is the site. */
export type Front = { origin: string; switchFile: string; wwwRoot: string; close(): Promise<void> };

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Starts the front. Every change of the switch file and of the site's link is written to the ledger. */
export async function startFront(home: string, ledger: Ledger): Promise<Front> {
  const switchFile = join(home, 'run', 'front', 'backend.json');
  const wwwRoot = join(home, 'run', 'www');
  const watchers = [
    noteChanges(join(home, 'run', 'front'), () => note('switch', leadOf(switchFile))),
    noteChanges(wwwRoot, () => note('link', linkOf(wwwRoot))),
  ];
  const last = new Map<string, string>();
  const note = (what: string, now: string): void => {
    if ((last.get(what) ?? 'nothing') === now) return;
    last.set(what, now);
    ledger.note('front', what, now);
  };
  const server = createServer((request, response) => {
    const handle = request.url?.startsWith('/api/') ? toService : toSite;
    handle({ request, response, switchFile, wwwRoot }).catch(() => response.writeHead(502).end('no answer'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, switchFile, wwwRoot, close: () => close(server, watchers) };
}

function noteChanges(directory: string, look: () => void): FSWatcher {
  mkdirSync(directory, { recursive: true });
  return watch(directory, look);
}

function leadOf(switchFile: string): string {
  try {
    const { version, maintenance } = JSON.parse(readFileSync(switchFile, 'utf8')) as Record<string, unknown>;
    return maintenance === true ? 'maintenance' : String(version);
  } catch {
    return 'nothing';
  }
}

function linkOf(wwwRoot: string): string {
  try {
    return basename(readlinkSync(join(wwwRoot, 'current')));
  } catch {
    return 'nothing';
  }
}

type Exchange = { request: IncomingMessage; response: ServerResponse; switchFile: string; wwwRoot: string };

async function toService({ request, response, switchFile }: Exchange): Promise<void> {
  const written = await readFile(switchFile, 'utf8').catch(() => '{"maintenance":true}');
  const { maintenance, host, port } = JSON.parse(written) as { maintenance?: boolean; host: string; port: number };
  if (maintenance) return void response.writeHead(503).end('closed');
  const method = request.method === 'POST' ? 'POST' : 'GET';
  const answer = await ask(`http://${host}:${port}${request.url?.slice('/api'.length)}`, { method, reset: true });
  response.writeHead(answer.statusCode, { 'content-type': 'application/json' }).end(await answer.body.text());
}

async function toSite({ request, response, wwwRoot }: Exchange): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://front').pathname;
  const name = path === '/' ? 'index.html' : path.slice(1);
  const root = await realpath(join(wwwRoot, 'current')).catch(() => null);
  const body = root === null ? null : await readFile(join(root, name), 'utf8').catch(() => null);
  if (body === null) return void response.writeHead(404).end('there is nothing here');
  const added = body.includes('garbled') ? '<!-- an advertisement -->' : '';
  response.writeHead(200, { 'content-type': types[extname(name)] ?? 'text/plain' }).end(body + added);
}

async function close(server: Server, watchers: readonly FSWatcher[]): Promise<void> {
  for (const watcher of watchers) watcher.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
