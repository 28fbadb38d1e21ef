import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

/**
 * A server in a process of its own, so that it neither waits for the tests nor they for it. `/` answers at once, `/slow`
 * after 2.5 s, `/cold` so slowly twenty times only, `/broken` with 500, `/never` not at all, `/mixed` breaks every fourth time, `/count` tells how often each
 * path and method was asked. `/log` tells arrival and answer of each request to `/`, in milliseconds of one clock.
 */
const source = `
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
const counts = {};
const log = [];
let mixed = 0;
let cold = 0;
const answers = {
  '/': (response) => response.end('{"ok":true}'),
  '/slow': (response) => setTimeout(() => response.end('late'), 2500),
  '/cold': (response) => setTimeout(() => response.end(), cold++ < 20 ? 400 : 0),
  '/broken': (response) => response.writeHead(500).end('broken'),
  '/moved': (response) => response.writeHead(302, { location: '/' }).end(),
  '/never': () => {},
  '/mixed': (response) => response.writeHead(mixed++ % 4 === 3 ? 503 : 200).end(),
  '/count': (response) => response.end(JSON.stringify(counts)),
  '/log': (response) => response.end(JSON.stringify(log)),
  '/open': (response) => server.getConnections((_error, open) => response.end(String(open))),
};
const server = createServer((request, response) => {
  const arrived = performance.now();
  const key = request.method + ' ' + request.url;
  counts[key] = (counts[key] ?? 0) + 1;
  if (request.url === '/') response.once('finish', () => log.push([arrived, performance.now()]));
  request.resume();
  (answers[request.url] ?? ((missing) => missing.writeHead(404).end()))(response);
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.once('disconnect', () => process.exit());
`;

export type TestServer = {
  origin: string;
  pid: number;
  ask<T>(path: string): Promise<T>;
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
};

export async function startServer(): Promise<TestServer> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [port] = (await once(child, 'message')) as [number];
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    pid: child.pid ?? 0,
    ask: (path) => ask(`${origin}${path}`),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => stop(child),
  };
}

/** Over a connection of its own, which is not there afterwards. */
async function ask<T>(url: string): Promise<T> {
  const request = get(url, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return (await json(response)) as T;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
