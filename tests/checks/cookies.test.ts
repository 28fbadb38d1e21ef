import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { cookiesSchema } from '../../src/checks/cookies/cookies.schema.ts';
import { cookies } from '../../src/checks/cookies/cookies.ts';
import { flowSchema } from '../../src/checks/flow/flow.schema.ts';
import { flow } from '../../src/checks/flow/flow.ts';
import { asking } from './asking.ts';
import { closedUrl, evidenceForFile } from './evidence.ts';

const app = evidenceForFile();

let server: Server;
let url = '';
let lines: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    const redirect = request.url === '/first' ? { location: '/' } : {};
    response.writeHead(request.url === '/first' ? 302 : 200, { ...redirect, 'set-cookie': lines }).end();
    lines = request.url === '/first' ? ['late=1; Secure; HttpOnly; SameSite=Lax'] : lines;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const ask = (setCookies: string[], more: Partial<z.input<typeof cookiesSchema>> = {}) => {
  lines = setCookies;
  return cookies.ask(asking(cookiesSchema.parse({ url, cookies: { session: true }, ...more })));
};

const good = 'session=abcdef123456; Path=/; Secure; HttpOnly; SameSite=Lax';

describe('MB-07 cookies', () => {
  test('that are protected are a PASS, and their values are shown nowhere', async () => {
    const answer = await ask([good]);
    expect(answer).toMatchObject({ status: 'PASS', summary: 'session set and protected' });
    expect(JSON.stringify(answer)).not.toContain('abcdef123456');
  });

  test.each([
    ['Secure', good.replace(' Secure;', ''), 'cookie session lacks Secure'],
    ['HttpOnly', good.replace(' HttpOnly;', ''), 'cookie session lacks HttpOnly'],
    ['SameSite', good.replace('; SameSite=Lax', ''), 'cookie session has SameSite unset, expected lax or strict'],
    ['a strict SameSite', good.replace('Lax', 'None'), 'cookie session has SameSite none, expected lax or strict'],
    ['everything: it is removed', 'session=; Max-Age=0', 'cookie session is not set'],
    ['a later line that takes it away', good, 'cookie session is not set'],
  ])('without %s it is a FAIL', async (what, line, summary) => {
    const all = what.startsWith('a later') ? [line, 'session=x; Max-Age=0'] : [line];
    expect(await ask(all)).toMatchObject({ status: 'FAIL', summary, remedy: expect.any(String) });
  });

  test('another one that is open is a WARN, unless nobody minds', async () => {
    expect(await ask([good, 'theme=dark'])).toMatchObject({
      status: 'WARN',
      summary: 'cookie theme: SameSite=unset, and should have Secure and SameSite',
    });
    expect(await ask([good, 'theme=dark'], { others: false })).toMatchObject({ status: 'PASS' });
  });

  test('what a plan allows is allowed', async () => {
    const csrf = { csrf: { httpOnly: false, sameSite: ['none' as const] } };
    expect(await ask(['csrf=a; Secure; SameSite=None'], { cookies: csrf })).toMatchObject({ status: 'PASS' });
  });

  test('those set on the way through redirects count', async () => {
    expect(await ask([good], { url: `${url}first`, cookies: { session: true, late: true } })).toMatchObject({
      status: 'PASS',
    });
  });

  test('a service that is gone is a FAIL, one that cannot be found is PENDING', async () => {
    expect(await ask([], { url: await closedUrl() })).toMatchObject({ status: 'FAIL' });
    expect(await ask([], { url: 'http://nobody.invalid/' })).toMatchObject({ status: 'PENDING' });
  });
});

test('MB-07 a flow looks at the cookie of a log-in', async () => {
  const login = flowSchema.parse({
    base: app().url,
    steps: [
      { name: 'form', url: '/login', capture: { csrf: { matches: 'value="([^"]+)"' } } },
      {
        name: 'log in',
        url: '/login',
        method: 'POST',
        form: { csrf: '{{csrf}}', email: 'admin@shop-a.test', password: 'correct horse' },
        expect: { cookies: { session: true } },
      },
    ],
  });
  expect(await flow.ask(asking(login))).toMatchObject({ status: 'PASS' });
  app().faults.plainCookies = true;
  expect(await flow.ask(asking(login))).toMatchObject({
    status: 'FAIL',
    summary: '"log in": cookie session lacks Secure (and 2 more)',
  });
});
