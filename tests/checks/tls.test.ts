import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { tlsSchema } from '../../src/checks/tls.schema.ts';
import { tls } from '../../src/checks/tls.ts';
import { asking } from './asking.ts';
import { type Certificate, selfSigned } from './certificates.ts';

const open: Server[] = [];
afterAll(() => Promise.all(open.map((one) => new Promise((resolve) => one.close(resolve)))));

async function portOf(server: Server): Promise<number> {
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const serving = async (certificate: Certificate, options: TlsOptions = {}): Promise<number> =>
  await portOf(createServer({ ...certificate, ...options }, (socket) => socket.on('error', () => undefined)));

let year: Certificate;
let month: Certificate;
let week: Certificate;
beforeAll(async () => {
  [year, month, week] = await Promise.all([selfSigned(365), selfSigned(20), selfSigned(3)]);
});

const ask = (port: number, certificate: Certificate | null, more: Partial<z.input<typeof tlsSchema>> = {}) =>
  tls.ask(
    asking(
      tlsSchema.parse({ host: '127.0.0.1', port, ...(certificate === null ? {} : { ca: certificate.cert }), ...more }),
    ),
  );

describe('FB-04 a certificate', () => {
  test('that is trusted and valid for long enough is a PASS', async () => {
    expect(await ask(await serving(year), year)).toMatchObject({
      status: 'PASS',
      summary: expect.stringMatching(/^127\.0\.0\.1:\d+ is trusted for 36[45] more days$/),
      evidence: expect.stringContaining('IP Address:127.0.0.1'),
    });
  });

  test('that ends soon is a WARN, and sooner a FAIL', async () => {
    expect(await ask(await serving(month), month)).toMatchObject({
      status: 'WARN',
      summary: expect.stringContaining('expected at least 30'),
    });
    expect(await ask(await serving(week), week)).toMatchObject({
      status: 'FAIL',
      remedy: expect.stringContaining('renew'),
    });
    expect(await ask(await serving(week), week, { daysLeft: { warn: 2, fail: 1 } })).toMatchObject({ status: 'PASS' });
  });

  test('of nobody whom we trust, or for another name, is a FAIL', async () => {
    const port = await serving(year);
    expect(await ask(port, null)).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('not trusted') });
    expect(await ask(port, year, { servername: 'shop.test' })).toMatchObject({ status: 'FAIL' });
  });

  test('of a server that is too old for us, or still takes old versions', async () => {
    const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    expect(await ask(await serving(year, old), year, { protocol: 'TLSv1.3' })).toMatchObject({ status: 'FAIL' });
    const ancient = { minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await ask(await serving(year, ancient), year, { refuses: ['TLSv1.1'] })).toMatchObject({
      status: 'FAIL',
      summary: 'the server still takes TLSv1.1',
    });
    expect(await ask(await serving(year), year, { refuses: ['TLSv1', 'TLSv1.1'] })).toMatchObject({ status: 'PASS' });
  });

  test('a port that speaks no TLS, or on which nobody listens, is a FAIL', async () => {
    const plain = createTcpServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('220 hello\r\n'),
    );
    const port = await portOf(plain);
    expect(await ask(port, year)).toMatchObject({ status: 'FAIL' });
    await new Promise((resolve) => plain.close(resolve));
    expect(await ask(port, year)).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('refused') });
  });

  test('a name that nobody resolves is PENDING', async () => {
    expect(await ask(443, year, { host: 'nobody.invalid' })).toMatchObject({ status: 'PENDING' });
  });
});
