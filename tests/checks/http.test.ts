import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { httpSchema } from '../../src/checks/http/http.schema.ts';
import { http } from '../../src/checks/http/http.ts';
import { asking } from './asking.ts';
import { type Certificate, selfSigned } from './certificates.ts';
import { crowdedPort } from './crowded-port.ts';

const open: TcpServer[] = [];
const sockets = new Set<Socket>();

async function listening(server: TcpServer): Promise<number> {
  open.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const ask = (written: z.input<typeof httpSchema>) => http.ask(asking(httpSchema.parse(written)));

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string };
const seen: Seen[] = [];

async function shop(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const path = request.url ?? '';
  seen.push({ method: request.method ?? '', url: path, headers: request.headers, body });
  const json = (status: number, value: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json', 'x-version': 'v2' }).end(JSON.stringify(value));
  if (path === '/health') json(200, { status: 'ok', version: 'v2', items: [{ price: 3 }, { price: 7 }], none: null });
  else if (path === '/broken') json(500, { error: 'boom' });
  else if (path === '/slow') setTimeout(() => json(200, {}), 120);
  else if (path === '/page') response.end('<h1>Welcome</h1> 12 products');
  else if (path === '/old') response.writeHead(302, { location: '/health' }).end();
  else if (path === '/round') response.writeHead(302, { location: '/round' }).end();
  else if (path === '/zipped') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'));
  else if (path === '/silent') response.writeHead(200).write('half');
  else if (path === '/cut')
    response.writeHead(200, { 'content-length': '100' }).write('half', () => request.socket.destroy());
  else json(201, { got: body });
}

describe('http', () => {
  let base = '';
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => void shop(request, response));
    base = `http://127.0.0.1:${await listening(server)}`;
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(open.map((one) => new Promise((resolve) => one.close(resolve))));
  });

  describe('an answer that disagrees is a FAIL', () => {
    test.each([
      ['status', '/broken', {}, 'status is 500, expected 2xx'],
      ['status list', '/health', { status: [201, '3xx'] }, 'status is 200, expected 201 or 3xx'],
      ['JSON value', '/health', { json: { '$.version': 'v3' } }, '$.version is "v2", expected "v3"'],
      [
        'JSON in an array',
        '/health',
        { json: { '$.items[*].price': { max: 5 } } },
        '$.items[*].price is 7, expected at most 5',
      ],
      ['JSON that is missing', '/health', { json: { '$.gone': 1 } }, '$.gone leads to nothing'],
      [
        'JSON that should be missing',
        '/health',
        { json: { '$.version': { exists: false } } },
        '$.version is "v2", expected nothing there',
      ],
      [
        'JSON count',
        '/health',
        { json: { '$.items[*]': { count: 3 } } },
        'number of values at $.items[*] is 2, expected 3',
      ],
      [
        'JSON pattern',
        '/health',
        { json: { '$.version': { matches: '^v3' } } },
        '$.version is "v2", expected a match of /^v3/',
      ],
      ['JSON choice', '/health', { json: { '$.none': { oneOf: ['a', 1] } } }, '$.none is null, expected one of "a", 1'],
      ['no JSON at all', '/page', { json: { '$.a': 1 } }, 'the body is not JSON'],
      ['text', '/page', { text: ['Welcome', 'Goodbye'] }, 'the body lacks "Goodbye"'],
      ['pattern', '/page', { text: { matches: '\\d{3} products' } }, 'the body lacks a match of /\\d{3} products/'],
      ['forbidden text', '/page', { notText: 'Welcome' }, 'the body contains "Welcome"'],
      ['header', '/health', { header: { 'X-Version': 'v3' } }, 'header X-Version is v2, expected v3'],
      ['missing header', '/page', { header: { 'x-version': true } }, 'header x-version is missing'],
      ['latency', '/slow', { latency: '50ms' }, /the answer took \d+ ms, limit 50 ms/],
      ['TLS that is missing', '/page', { tls: { daysLeft: 1 } }, 'it is not served over TLS'],
      ['redirect that is missing', '/page', { status: 200, redirect: true }, 'header location is missing'],
      ['redirect elsewhere', '/old', { redirect: '/login' }, 'header location is /health, expected /login'],
      ['redirects without end', '/round', {}, /redirects without end/],
    ] as const)('%s', async (_name, path, expectations, summary) => {
      const answer = await ask({ url: base + path, expect: expectations as z.input<typeof httpSchema>['expect'] });
      expect(answer).toMatchObject({ status: 'FAIL', remedy: expect.any(String) });
      expect(answer.summary).toMatch(summary);
    });
  });

  test('an answer that agrees in everything is a PASS', async () => {
    const answer = await ask({
      url: `${base}/health`,
      expect: {
        status: '2xx',
        json: {
          '$.status': 'ok',
          '$.version': { matches: '^v\\d$', oneOf: ['v2'] },
          '$.items[*].price': { min: 3, max: 7, count: { min: 1 } },
          '$.items': [{ price: 3 }, { price: 7 }],
          '$.none': null,
          '$.gone': { exists: false },
        },
        header: { 'x-version': { matches: '^v' }, 'content-type': true },
        text: 'ok',
        notText: 'error',
        latency: '5s',
      },
    });
    expect(answer).toMatchObject({ status: 'PASS', summary: `${base}/health answered 200 as expected` });
  });

  test('a slow answer can warn before it fails', async () => {
    const limits = { latency: { warn: '50ms', fail: '5s' } };
    expect(await ask({ url: `${base}/slow`, expect: limits })).toMatchObject({ status: 'WARN' });
  });

  test('redirects are followed, or expected and then not followed', async () => {
    expect(await ask({ url: `${base}/old` })).toMatchObject({ status: 'PASS' });
    expect(await ask({ url: `${base}/old`, follow: false })).toMatchObject({ status: 'FAIL' });
    expect(await ask({ url: `${base}/old`, expect: { redirect: '/health' } })).toMatchObject({ status: 'PASS' });
    expect(await ask({ url: `${base}/old`, expect: { redirect: `${base}/health` } })).toMatchObject({ status: 'PASS' });
  });

  test('the request arrives as the plan writes it, and credentials in the address are shown nowhere', async () => {
    const url = base.replace('//', '//joe:pass%2Fword@');
    const sent = {
      url: `${url}/orders?key=hush`,
      method: 'POST',
      json: { a: 1 },
      headers: { 'X-Trace': 't' },
    } as const;
    const answer = await ask({ ...sent, expect: { status: 201, json: { '$.got': '{"a":2}' } } });
    expect(seen.at(-1)).toMatchObject({
      method: 'POST',
      url: '/orders?key=hush',
      body: '{"a":1}',
      headers: {
        'x-trace': 't',
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from('joe:pass/word').toString('base64')}`,
      },
    });
    expect(JSON.stringify(answer)).not.toMatch(/pass|hush/);
  });

  test('a compressed answer is read', async () => {
    expect(await ask({ url: `${base}/zipped`, expect: { json: { '$.a': 1 } } })).toMatchObject({ status: 'PASS' });
  });

  test('evidence stays short and names every problem', async () => {
    const answer = await ask({
      url: `${base}/orders`,
      method: 'POST',
      body: 'x'.repeat(100_000),
      expect: { text: 'y', header: { a: 'b' } },
    });
    expect(answer.summary).toBe('header a is missing (and 1 more)');
    expect(answer.evidence).toContain('also: the body lacks "y"');
    expect(answer.evidence.length).toBeLessThan(700);
  });

  test('a check that was given up throws the reason and is no answer', async () => {
    const controller = new AbortController();
    const waiting = http.ask(asking(httpSchema.parse({ url: `${base}/silent` }), { signal: controller.signal }));
    setTimeout(() => controller.abort(new Error('given up')), 30);
    await expect(waiting).rejects.toThrow('given up');
  });

  describe('no answer from a service that was reached is a FAIL', () => {
    test('refused', async () => {
      const gone = createServer();
      const port = await listening(gone);
      await new Promise((resolve) => gone.close(resolve));
      const answer = await ask({ url: `http://127.0.0.1:${port}/` });
      expect(answer).toMatchObject({
        status: 'FAIL',
        remedy: expect.any(String),
        evidence: expect.stringContaining('ECONNREFUSED'),
      });
      expect(await ask({ url: `http://localhost:${port}/` })).toMatchObject({ status: 'FAIL' });
    });

    test('hung up, cut off in the middle, not HTTP', async () => {
      const hangsUp = await listening(createTcpServer((socket) => socket.destroy()));
      expect(await ask({ url: `http://127.0.0.1:${hangsUp}/` })).toMatchObject({ status: 'FAIL' });
      expect(await ask({ url: `${base}/cut` })).toMatchObject({ status: 'FAIL' });
      const babbles = await listening(createTcpServer((socket) => socket.end('SSH-2.0-something\r\n')));
      expect((await ask({ url: `http://127.0.0.1:${babbles}/` })).summary).toContain('does not answer in HTTP');
    });

    test('silent after accepting, before and in the middle of its answer', async () => {
      const mute = await listening(createTcpServer(() => undefined));
      const answer = await ask({ url: `http://127.0.0.1:${mute}/`, timeout: '150ms' });
      expect(answer).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('within 150 ms') });
      expect(await ask({ url: `${base}/silent`, timeout: '150ms' })).toMatchObject({ status: 'FAIL' });
      const handshake = await ask({ url: `https://127.0.0.1:${mute}/`, timeout: '150ms' });
      expect(handshake).toMatchObject({ status: 'FAIL' });
    });
  });

  describe('what may be the fault of our own side is PENDING', () => {
    test('a name that does not resolve', async () => {
      const answer = await ask({ url: 'http://no-such-host.invalid/', timeout: '5s' });
      expect(answer).toMatchObject({ status: 'PENDING', remedy: expect.any(String) });
    });

    test('packets that vanish on the way', async () => {
      const { port, release } = await crowdedPort();
      try {
        const answer = await ask({ url: `http://127.0.0.1:${port}/`, timeout: '400ms' });
        expect(answer).toMatchObject({ status: 'PENDING', remedy: expect.any(String) });
      } finally {
        release();
      }
    });

    test('a resolved value that is no address, a wrong path or header', async () => {
      const spec = httpSchema.parse({ url: 'http://x/' });
      expect(await http.ask(asking({ ...spec, url: 'top secret' }))).toMatchObject({ status: 'PENDING', evidence: '' });
      expect(await ask({ url: base, expect: { json: { '$[': 1 } } })).toMatchObject({ status: 'PENDING' });
      const header = await ask({ url: base, headers: { 'x-token': 'two\nlines' } });
      expect(header).toMatchObject({ status: 'PENDING' });
      expect(JSON.stringify(header)).not.toContain('lines');
    });
  });

  describe('TLS', () => {
    const served: Record<string, { url: string; ca: string }> = {};
    beforeAll(async () => {
      const serve = async (name: string, certificate: Certificate) => {
        const port = await listening(createTlsServer(certificate, (_request, response) => response.end('secure')));
        served[name] = { url: `https://127.0.0.1:${port}/`, ca: certificate.cert };
      };
      await serve('good', await selfSigned(90));
      await serve('ending', await selfSigned(5));
      await serve('other', await selfSigned(90, 'other.example'));
    });
    const at = (name: string) => served[name] ?? { url: '', ca: '' };

    test('a certificate of an unknown authority fails', async () => {
      const answer = await ask({ url: at('good').url });
      expect(answer).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('not trusted') });
    });

    test('a certificate for another name fails', async () => {
      expect(await ask(at('other'))).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('not trusted') });
    });

    test('a port without TLS fails', async () => {
      const answer = await ask({ url: base.replace('http:', 'https:') });
      expect(answer).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('does not speak TLS') });
    });

    test('days left: enough passes, few warn, fewer fail', async () => {
      const tls = (daysLeft: number | { warn: number; fail: number }) => ({ tls: { daysLeft } });
      expect(await ask({ ...at('good'), expect: tls(30) })).toMatchObject({ status: 'PASS' });
      expect(await ask({ ...at('ending'), expect: tls({ warn: 30, fail: 3 }) })).toMatchObject({ status: 'WARN' });
      const answer = await ask({ ...at('ending'), expect: tls(14) });
      expect(answer).toMatchObject({
        status: 'FAIL',
        summary: 'the certificate is valid for 4 more days, expected at least 14',
      });
    });
  });
});

test('a plan that was started by an earlier version knows nothing of cookies and files, and is asked as before', async () => {
  const server = createServer((_, response) => response.end('ok'));
  const port = await listening(server);
  const { cookies: _, ...expect_ } = httpSchema.parse({ url: `http://127.0.0.1:${port}/` }).expect;
  const spec = { ...httpSchema.parse({ url: `http://127.0.0.1:${port}/` }), expect: expect_ };
  expect(await http.ask(asking(spec))).toMatchObject({ status: 'PASS' });
});
