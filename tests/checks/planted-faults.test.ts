import { describe, expect, test } from 'vitest';
import { askPlanned } from '../../src/checks/ask.ts';
import { systemClock } from '../../src/checks/clock.ts';
import { askAll } from '../../src/checks/suite.ts';
import type { CheckResult, PlannedCheck } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { resolveReferences } from '../../src/secrets/resolve.ts';
import { loaded, shop } from '../plan/plans.ts';
import { testSecrets } from '../support/evidence-app/app.ts';
import type { Faults } from '../support/evidence-app/state.ts';
import { quiet } from './asking.ts';
import { evidenceForFile } from './evidence.ts';

const app = evidenceForFile();

const suite = `checks:
  health:
    - { name: health, kind: http, url: "\${env:BASE}/health", expect: { json: { $.status: ok } } }
  security:
    needs: [health]
    parallel: true
    checks:
      - { name: right token, kind: http, url: "\${env:BASE}/api/campaigns", auth: { jwt: { secret: "\${env:JWT}", claims: { tenant: shop-a } } } }
      - { name: forged token, kind: http, url: "\${env:BASE}/api/campaigns", auth: { jwt: { secret: "\${env:JWT}", claims: { tenant: a }, wrong: claims } }, expect: { status: 401 } }
      - { name: expired token, kind: http, url: "\${env:BASE}/api/campaigns", auth: { jwt: { secret: "\${env:JWT}", claims: { tenant: a }, wrong: expired } }, expect: { status: 401 } }
      - { name: tenants, kind: http, url: "\${env:BASE}/api/campaigns/2", auth: { jwt: { secret: "\${env:JWT}", claims: { tenant: shop-a } } }, expect: { status: 404 } }
      - { name: seeds, kind: http, url: "\${env:BASE}/seed", expect: { status: 403 } }
      - { name: origins, kind: cors, url: "\${env:BASE}/api/campaigns", allowed: ["https://app.shop.test"], credentials: true }
  limits:
    - name: limit
      kind: rate-limit
      url: "\${env:BASE}/api/campaigns"
      headers: { x-forwarded-for: 192.0.2.1 }
      allowed: { min: 5, max: 20 }
      remaining: x-ratelimit-remaining
  webhooks:
    - { name: signed webhook, kind: http, url: "\${env:BASE}/webhooks/shopify/orders", method: POST, json: { id: 1 }, sign: { style: shopify, secret: "\${env:HOOK}" } }
    - { name: wrong webhook, kind: http, url: "\${env:BASE}/webhooks/shopify/orders", method: POST, json: { id: 2 }, sign: { style: shopify, secret: "\${env:HOOK}", wrong: true }, expect: { status: 401 } }
  reports:
    - name: log in and download
      kind: flow
      base: "\${env:BASE}"
      steps:
        - { name: form, url: /login, capture: { csrf: { matches: 'value="([^"]+)"' } } }
        - name: log in
          url: /login
          method: POST
          form: { csrf: "{{csrf}}", email: admin@shop-a.test, password: "\${env:PASSWORD}" }
          expect: { cookies: { session: true } }
        - { name: report, url: /reports/1.pdf, expect: { file: { type: pdf } } }
    - { name: status page, kind: status-page, url: "\${env:BASE}/api/v2/status.json" }
`;

async function ask(checks: readonly PlannedCheck[]): Promise<CheckResult[]> {
  app().state.counted.clear();
  const { jwt: JWT, shopify: HOOK } = testSecrets;
  const env = { BASE: app().url, JWT, HOOK, PASSWORD: 'correct horse' };
  const resolve = async (spec: Json) => (await resolveReferences(spec, { env, home: process.cwd() })).value;
  return await askAll(checks, {
    signal: new AbortController().signal,
    ask: (planned, signal) =>
      askPlanned(
        planned,
        { home: process.cwd(), version: 'v2', signal, log: quiet, resolve, redact: (value) => value },
        systemClock,
      ),
  });
}

const bad = (results: CheckResult[]) => results.filter(({ status }) => status !== 'PASS').map(({ name }) => name);

describe('SB-02 the suite on a whole application', () => {
  test('raises no false alarm in 50 runs', async () => {
    const { suite: checks } = await loaded(shop + suite);
    for (let run = 0; run < 50; run += 1) expect(bad(await ask(checks))).toEqual([]);
  });

  test.each<[keyof Faults, string[]]>([
    ['forgedTokens', ['forged token', 'expired token']],
    ['expiredTokens', ['expired token']],
    ['leaksTenants', ['tenants']],
    ['openSeeds', ['seeds']],
    ['reflectsOrigin', ['origins']],
    ['anyOrigin', ['origins']],
    ['noRateLimit', ['limit']],
    ['noRateLimitHeaders', ['limit']],
    ['unsignedWebhooks', ['wrong webhook']],
    ['wrongSecret', ['signed webhook']],
    ['plainCookies', ['log in and download']],
    ['brokenReports', ['log in and download']],
  ])('finds %s by exactly the checks that are about it', async (fault, found) => {
    const { suite: checks } = await loaded(shop + suite);
    Object.assign(app().faults, { [fault]: true });
    expect(bad(await ask(checks))).toEqual(found);
  });

  test('of an application that is down, what needs its health is not even asked', async () => {
    const { suite: checks } = await loaded(shop + suite);
    app().faults.down = true;
    const results = await ask(checks);
    expect(results.find(({ name }) => name === 'seeds')).toMatchObject({
      status: 'PENDING',
      summary: 'not asked, because it needs health, which is FAIL',
    });
    expect(bad(results)).toHaveLength(results.length);
  });
});
