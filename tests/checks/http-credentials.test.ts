import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { askOnce } from '../../src/checks/ask.ts';
import { httpSchema } from '../../src/checks/http/http.schema.ts';
import { http } from '../../src/checks/http/http.ts';
import type { Check } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { type EvidenceApp, startEvidenceApp, testSecrets } from '../support/evidence-app/app.ts';
import { freshState, noFaults } from '../support/evidence-app/state.ts';
import { asking } from './asking.ts';

let app: EvidenceApp;
beforeAll(async () => {
  app = await startEvidenceApp();
});
beforeEach(() => {
  Object.assign(app.faults, noFaults);
  Object.assign(app.state, freshState());
});
afterAll(() => app.stop());

type Written = z.input<typeof httpSchema>;
const ask = (written: Written) => askOnce(http as Check<Json>, asking(httpSchema.parse(written) as Json));

const refused = { status: 401 };
const claims = { sub: 'user-1', tenant: 'shop-a' };
const campaigns = (jwt: object, expectation?: object) =>
  ask({
    url: `${app.url}/api/campaigns`,
    auth: { jwt: { secret: testSecrets.jwt, claims, ...jwt } },
    ...(expectation === undefined ? {} : { expect: expectation }),
  });

describe('SB-05 tokens', () => {
  const wrong = ['signature', 'claims', 'key', 'expired', 'unsigned'] as const;

  test('a right one is let in', async () => {
    expect(await campaigns({}, { json: { '$.tenant': 'shop-a' } })).toMatchObject({ status: 'PASS' });
  });

  test.each(wrong)('a server that refuses one with a wrong %s passes', async (each) => {
    expect(await campaigns({ wrong: each }, refused)).toMatchObject({ status: 'PASS' });
  });

  test.each(wrong.filter((each) => each !== 'expired'))(
    'a server that takes one with a wrong %s fails',
    async (each) => {
      app.faults.forgedTokens = true;
      expect(await campaigns({ wrong: each }, refused)).toMatchObject({
        status: 'FAIL',
        summary: 'status is 200, expected 401',
      });
    },
  );

  test('a server that takes an expired one fails', async () => {
    app.faults.expiredTokens = true;
    expect(await campaigns({ wrong: 'expired' }, refused)).toMatchObject({ status: 'FAIL' });
  });

  test('a key that cannot sign says so and shows nothing of it', async () => {
    const answer = await ask({ url: app.url, auth: { jwt: { key: 'no key at all', algorithm: 'RS256' } } });
    expect(answer).toMatchObject({ status: 'PENDING', remedy: expect.stringContaining('check the key') });
    expect(JSON.stringify(answer)).not.toContain('no key at all');
  });
});

test('MB-07 tenants do not see each other', async () => {
  const own = {
    url: `${app.url}/api/campaigns/2`,
    auth: { jwt: { secret: testSecrets.jwt, claims } },
    expect: { status: 404 },
  };
  expect(await ask(own)).toMatchObject({ status: 'PASS' });
  app.faults.leaksTenants = true;
  expect(await ask(own)).toMatchObject({ status: 'FAIL', summary: 'status is 200, expected 404' });
});

describe('tokens of a private key', () => {
  let server: Server;
  let url = '';
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  beforeAll(async () => {
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(createPublicKey(privateKey))), alg: 'RS256' }] });
    server = createServer((request, response) => {
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      jwtVerify(token, keys).then(
        ({ payload }) => response.end(JSON.stringify(payload)),
        () => response.writeHead(401).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('are accepted, and those of another key are not', async () => {
    const jwt = { key, algorithm: 'RS256', claims: { sub: 'a' } } as const;
    expect(await ask({ url, auth: { jwt }, expect: { json: { '$.sub': 'a' } } })).toMatchObject({ status: 'PASS' });
    expect(await ask({ url, auth: { jwt: { ...jwt, wrong: 'key' } }, expect: refused })).toMatchObject({
      status: 'PASS',
    });
  });
});

test('FB-06 basic authentication', async () => {
  const basic = { user: 'ops', password: testSecrets.ops };
  const url = `${app.url}/ops`;
  expect(await ask({ url, auth: { basic }, expect: { json: { '$.tokenValid': true } } })).toMatchObject({
    status: 'PASS',
  });
  expect(await ask({ url, auth: { basic: { ...basic, password: 'no' } } })).toMatchObject({ status: 'FAIL' });
  expect(await ask({ url, expect: refused })).toMatchObject({ status: 'PASS' });
});

describe('SB-06 FB-04 signed webhooks', () => {
  const hooks = [
    ['shopify', '/webhooks/shopify/orders'],
    ['meta', '/webhooks/meta'],
    ['github', '/webhooks/github'],
  ] as const;
  const send = (
    style: 'shopify' | 'meta' | 'github',
    path: string,
    more: { wrong?: boolean; unsigned?: boolean } = {},
  ) =>
    ask({
      url: app.url + path,
      method: 'POST',
      json: { order: 'ä-1' },
      ...(more.unsigned ? {} : { sign: { style, secret: testSecrets[style], wrong: more.wrong ?? false } }),
      expect: more.wrong || more.unsigned ? refused : {},
    });

  test.each(hooks)('%s: a right signature is stored, a wrong or missing one is refused', async (style, path) => {
    expect(await send(style, path)).toMatchObject({ status: 'PASS' });
    expect(app.state.events).toEqual([{ source: style, id: expect.any(String), body: '{"order":"ä-1"}' }]);
    expect(await send(style, path, { wrong: true })).toMatchObject({ status: 'PASS' });
    expect(await send(style, path, { unsigned: true })).toMatchObject({ status: 'PASS' });
    expect(app.state.events).toHaveLength(1);
  });

  test.each(hooks)('%s: a server that takes any signature fails', async (style, path) => {
    app.faults.unsignedWebhooks = true;
    expect(await send(style, path, { wrong: true })).toMatchObject({ status: 'FAIL' });
    expect(await send(style, path, { unsigned: true })).toMatchObject({ status: 'FAIL' });
  });

  test.each(hooks)('%s: a server with an old secret fails', async (style, path) => {
    app.faults.wrongSecret = true;
    expect(await send(style, path)).toMatchObject({ status: 'FAIL', summary: 'status is 401, expected 2xx' });
  });

  test('SB-05 the app proxy of Shopify', async () => {
    const url = `${app.url}/proxy?shop=a.test&timestamp=17&ids=1&ids=2`;
    const proxied = (wrong: boolean) => ({ style: 'shopify-proxy', secret: testSecrets.shopify, wrong }) as const;
    expect(await ask({ url, sign: proxied(false), expect: { json: { '$.shop': 'a.test' } } })).toMatchObject({
      status: 'PASS',
    });
    expect(await ask({ url, sign: proxied(true), expect: { status: 403 } })).toMatchObject({ status: 'PASS' });
    expect(await ask({ url, sign: proxied(true) })).toMatchObject({ status: 'FAIL' });
  });

  test('FB-04 the challenge is echoed, and a wrong token is refused', async () => {
    const challenge = (token: string) =>
      `${app.url}/webhooks/meta?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=${token}`;
    expect(
      await ask({ url: challenge(testSecrets.verifyToken), expect: { text: { matches: '^4711$' } } }),
    ).toMatchObject({ status: 'PASS' });
    expect(await ask({ url: challenge('wrong'), expect: { status: 403 } })).toMatchObject({ status: 'PASS' });
  });
});
