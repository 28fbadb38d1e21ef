import { readFile, realpath } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createProxyServer } from 'httpxy';
import send from 'send';

/**
 * The shop's one public address: `/api/…` goes to the backend that the switch file names, all else is the site.
 * Both are looked up anew for each request, so a switch cuts nobody off: what was begun ends where it began.
 */
const { PORT, SWITCH_FILE, WWW_ROOT } = process.env;

const proxy = createProxyServer({ proxyTimeout: 10_000 });
proxy.on('error', (_error, _request, response) => {
  if (response?.headersSent === false) answer(response, 502, { error: 'the shop does not answer' });
  else response?.destroy();
});

async function backend() {
  try {
    return JSON.parse(await readFile(SWITCH_FILE, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return { maintenance: true };
    throw error;
  }
}

async function toBackend(request, response) {
  const { maintenance, host, port } = await backend();
  if (maintenance) return answer(response, 503, { error: 'the shop is closed for maintenance' });
  request.url = request.url.slice('/api'.length);
  await proxy.web(request, response, { target: `http://${host}:${port}` });
}

/** The link is followed once per request, so that a page never starts in one version and ends in another. */
async function toSite(request, response) {
  const root = await realpath(join(WWW_ROOT, 'current'));
  const path = new URL(request.url, 'http://shop').pathname;
  const immutable = path.startsWith('/assets/');
  send(request, path, { root, immutable, maxAge: immutable ? '1y' : 0 })
    .on('error', (error) => answer(response, error.status ?? 500, { error: 'there is nothing here' }))
    .pipe(response);
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '1' });
  response.end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  const handle = request.url.startsWith('/api/') ? toBackend : toSite;
  handle(request, response).catch((error) => {
    console.error(`ERROR ${error.message}`);
    if (response.headersSent) response.destroy();
    else answer(response, 503, { error: 'the shop is not open yet' });
  });
});

server.listen(Number(PORT), '127.0.0.1', () => console.log(`front listening on ${server.address().port}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
