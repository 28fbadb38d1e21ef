import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Answer, decode, encode, type Packet } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { dnsSchema } from '../../src/checks/dns.schema.ts';
import { dns } from '../../src/checks/dns.ts';
import { asking } from './asking.ts';

const zone: Answer[] = [
  { type: 'A', name: 'shop.test', ttl: 60, data: '192.0.2.10' },
  { type: 'A', name: 'shop.test', ttl: 60, data: '192.0.2.11' },
  { type: 'AAAA', name: 'shop.test', ttl: 3600, data: '2001:db8::1' },
  { type: 'CNAME', name: 'www.shop.test', ttl: 60, data: 'shop.test' },
  { type: 'MX', name: 'shop.test', ttl: 60, data: { preference: 10, exchange: 'mail.shop.test' } },
  { type: 'TXT', name: 'shop.test', ttl: 60, data: ['v=spf1 include:', 'mail.test -all'] },
  { type: 'NS', name: 'shop.test', ttl: 60, data: 'ns1.test' },
  { type: 'CAA', name: 'shop.test', ttl: 60, data: { flags: 0, tag: 'issue', value: 'ca.test' } },
  {
    type: 'SRV',
    name: '_sip._tcp.shop.test',
    ttl: 60,
    data: { priority: 1, weight: 2, port: 5060, target: 'sip.test' },
  },
];

/** A real DNS server on UDP: answers from the zone, says that other names are not there, and can be silent or refuse. */
let socket: Socket;
let server = '';
beforeAll(async () => {
  socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const query = decode(message);
    const question = query.questions?.[0];
    if (question === undefined || question.name === 'silent.test') return;
    const ofName = zone.filter(({ name }) => name === question.name);
    const answers = ofName.filter(({ type }) => type === question.type);
    const code = question.name === 'refused.test' ? 5 : ofName.length === 0 ? 3 : 0;
    const packet: Packet = { type: 'response', id: query.id ?? 0, flags: 0x180 | code, questions: [question], answers };
    socket.send(encode(packet), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  server = `127.0.0.1:${socket.address().port}`;
});
afterAll(() => {
  socket.close();
});

const ask = (written: z.input<typeof dnsSchema>) =>
  dns.ask(asking(dnsSchema.parse({ server, timeout: '300ms', ...written })));

describe('records of a name', () => {
  test.each([
    [{ host: 'shop.test', records: ['192.0.2.11', '192.0.2.10'] }],
    [{ host: 'shop.test', type: 'AAAA', records: ['2001:db8::1'] }],
    [{ host: 'www.shop.test', type: 'CNAME', records: ['Shop.test.'] }],
    [{ host: 'shop.test', type: 'MX', records: ['10 mail.shop.test'] }],
    [{ host: 'shop.test', type: 'TXT', records: ['v=spf1 include:mail.test -all'] }],
    [{ host: 'shop.test', type: 'NS', records: ['ns1.test'] }],
    [{ host: 'shop.test', type: 'CAA', records: ['0 issue ca.test'] }],
    [{ host: '_sip._tcp.shop.test', type: 'SRV', records: ['1 2 5060 sip.test'] }],
    [{ host: 'gone.test', exists: false }],
    [{ host: 'shop.test', records: ['192.0.2.10'], others: true, ttl: '5m' }],
  ] as z.input<typeof dnsSchema>[][])('that are as they should be are a PASS: %j', async (written) => {
    expect(await ask(written as z.input<typeof dnsSchema>)).toMatchObject({ status: 'PASS' });
  });

  test.each([
    [{ host: 'shop.test', records: ['192.0.2.99'] }, 'A of shop.test lacks 192.0.2.99 (and 2 more)'],
    [{ host: 'gone.test' }, 'gone.test has no record of type A'],
    [{ host: 'www.shop.test', type: 'MX' as const }, 'www.shop.test has no record of type MX'],
    [{ host: 'shop.test', exists: false }, 'shop.test has a record of type A, expected none'],
  ])('that are wrong are a FAIL: %j', async (written, summary) => {
    expect(await ask(written)).toMatchObject({ status: 'FAIL', summary, remedy: expect.any(String) });
  });

  test('that others are beside, or that are kept for too long, are a WARN', async () => {
    expect(await ask({ host: 'shop.test', records: ['192.0.2.10'] })).toMatchObject({
      status: 'WARN',
      summary: 'A of shop.test has 192.0.2.11 as well',
    });
    expect(await ask({ host: 'shop.test', type: 'AAAA', ttl: '5m' })).toMatchObject({
      status: 'WARN',
      summary: 'resolvers keep shop.test for 3600 s, expected at most 300 s',
    });
  });

  test.each(['silent.test', 'refused.test'])('that a server does not tell are PENDING: %s', async (host) => {
    expect(await ask({ host })).toMatchObject({ status: 'PENDING', summary: `${server} gave no answer for ${host}` });
  });

  test('a check that is given up throws', async () => {
    const controller = new AbortController();
    const going = dns.ask(asking(dnsSchema.parse({ host: 'silent.test', server }), { signal: controller.signal }));
    setTimeout(() => controller.abort(new Error('given up')), 20);
    await expect(going).rejects.toThrow('given up');
  });
});
