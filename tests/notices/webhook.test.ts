import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { noticeKinds } from '../../src/notices/kinds.schema.ts';
import { loadNotice } from '../../src/notices/kinds.ts';
import { webhookSchema } from '../../src/notices/webhook.schema.ts';
import { webhook, webhookRequest } from '../../src/notices/webhook.ts';
import { quiet } from '../checks/asking.ts';
import { message } from './message.ts';

type Received = { headers: IncomingMessage['headers']; method: string; body: string };

describe('webhook', () => {
  let server: Server;
  let base = '';
  let status = 204;
  const received: Received[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      received.push({ headers: request.headers, method: request.method ?? '', body });
      if (request.url !== '/silent') response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    status = 204;
    received.length = 0;
  });

  const tell = (written: z.input<typeof webhookSchema>, signal = new AbortController().signal) =>
    webhook.tell({ spec: webhookSchema.parse(written), message, key: 'n-1', home: '/', signal, log: quiet });

  test.each([
    [500, 'unreachable'],
    [429, 'busy'],
    [401, 'permission'],
    [404, 'not-found'],
    [400, 'refused'],
    [302, 'refused'],
  ])('an answer of %i is thrown as %s, without the address', async (code, kind) => {
    status = code;
    const failure = await tell({ url: `${base}/hook?token=hush` }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind, message: `the webhook answered ${code}` });
    expect(JSON.stringify(failure)).not.toContain('hush');
  });

  test('no answer is worth a retry', async () => {
    await expect(tell({ url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(tell({ url: `${base}/silent`, timeout: '100ms' })).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('a resolved value that is no address is the plan’s fault and is not shown', async () => {
    const spec = { ...webhookSchema.parse({ url: base }), url: 'hush' };
    const signal = new AbortController().signal;
    const failure = await webhook
      .tell({ spec, message, key: 'k', home: '/', signal, log: quiet })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'invalid-input' });
    expect(String(failure)).not.toContain('hush');
  });

  test('the receiver gets the message, a key that repeats, and a signature that it can check', async () => {
    await tell({ url: `${base}/hook`, headers: { Authorization: 'Bearer x' }, secret: 'shared' });
    await tell({ url: `${base}/hook`, headers: { Authorization: 'Bearer x' }, secret: 'shared' });
    const [first, second] = received;
    expect(first).toMatchObject({
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer x',
        'idempotency-key': 'n-1',
        'x-savepoint-event': 'question',
      },
    });
    expect(second?.headers['idempotency-key']).toBe('n-1');
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      ...message,
      schemaVersion: 1,
      key: 'n-1',
      text: expect.any(String),
    });
    const [, time, signature] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(first?.headers['x-savepoint-signature'])) ?? [];
    expect(signature).toBe(createHmac('sha256', 'shared').update(`${time}.${first?.body}`).digest('hex'));
    expect(Math.abs(Date.now() / 1000 - Number(time))).toBeLessThan(60);
  });

  test('without a secret nothing is signed, and the plan cannot replace what Savepoint sets', () => {
    const spec = webhookSchema.parse({ url: 'http://x/', headers: { 'Idempotency-Key': 'mine' } });
    expect(webhookRequest(spec, message, 'k', 0).headers).toEqual({
      'content-type': 'application/json',
      'user-agent': 'savepoint',
      'idempotency-key': 'k',
      'x-savepoint-event': 'question',
    });
  });

  test('every kind in the table loads, and an unknown one is refused with the names', async () => {
    for (const kind of Object.keys(noticeKinds)) expect((await loadNotice(kind)).tell).toBeTypeOf('function');
    await expect(loadNotice('pigeon')).rejects.toThrow('no kind of notice called pigeon; known are webhook, command');
  });
});
