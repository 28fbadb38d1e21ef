import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { flowSchema } from '../../src/checks/flow/flow.schema.ts';
import { flow } from '../../src/checks/flow/flow.ts';
import { type EvidenceApp, startEvidenceApp } from '../support/evidence-app/app.ts';
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

type Written = z.input<typeof flowSchema>;
const ask = (written: Partial<Written> & Pick<Written, 'steps'>) =>
  flow.ask(asking(flowSchema.parse({ base: app.url, ...written })));

const person = { email: 'smoke-{{unique}}@shop.test', password: 'correct horse battery' };
const register: Written['steps'][number] = {
  name: 'register',
  url: '/register',
  method: 'POST',
  json: { email: '{{email}}', password: '{{password}}' },
  expect: { status: 201, json: { '$.user.email': '{{email}}' } },
  capture: { link: '$.links.verify' },
};
const verify: Written['steps'][number] = { name: 'verify e-mail', url: '{{link}}', expect: { text: 'name="csrf"' } };
const form: Written['steps'][number] = {
  name: 'log-in form',
  url: '/login',
  capture: { csrf: { matches: 'name="csrf" value="([^"]+)"' } },
};
const login: Written['steps'][number] = {
  name: 'log in',
  url: '/login',
  method: 'POST',
  form: { csrf: '{{csrf}}', email: '{{email}}', password: '{{password}}' },
  expect: { json: { '$.user.tenant': 'shop-a' } },
  capture: { session: { cookie: 'session' } },
};
const report: Written['steps'][number] = {
  name: 'download report',
  url: '/reports/7.pdf',
  expect: { file: { type: 'pdf', size: { min: '100 B', max: '1 MB' } }, latency: '5s' },
};
const whole = { values: person, steps: [register, verify, form, login, report] };

describe('FR-09 a flow through several requests', () => {
  test('registers, follows the mailed link, logs in by form and cookie, and downloads a PDF', async () => {
    const answer = await ask(whole);
    expect(answer).toMatchObject({ status: 'PASS', summary: '5 steps went as expected' });
    expect([...app.state.users.keys()]).toEqual([
      'admin@shop-a.test',
      expect.stringMatching(/^smoke-[0-9a-f]{10}@shop\.test$/),
    ]);
    expect(app.state.sessions.size).toBe(1);
    expect(answer.evidence).toContain('✔ download report: GET');
  });

  test('each run is another person', async () => {
    await ask(whole);
    expect(await ask(whole)).toMatchObject({ status: 'PASS' });
    expect(app.state.users.size).toBe(3);
  });

  test('what was captured is in no evidence: its name stands there', async () => {
    app.state.statusPage.description = 'captured-4711-value';
    const look = { name: 'look', url: '/api/v2/status.json' };
    const again = { ...look, name: 'look again', expect: { text: 'nothing that it says' } };
    const answer = await ask({ steps: [{ ...look, capture: { token: '$.status.description' } }, again] });
    expect(answer).toMatchObject({ status: 'FAIL', evidence: expect.stringContaining('"description":"{{token}}"') });
    expect(JSON.stringify(answer)).not.toContain('captured-4711-value');
  });
});

describe('a flow stops at the first step that is not as expected', () => {
  test('a report that is no PDF', async () => {
    app.faults.brokenReports = true;
    const answer = await ask(whole);
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: '"download report": the body is no file of a known type, expected a pdf (and 1 more)',
      remedy: expect.any(String),
    });
    expect(answer.evidence).toContain('✔ log in');
  });

  test.each([
    [
      'a wrong password',
      { ...login, form: { ...login.form, password: 'wrong' } },
      '"log in": status is 401, expected 2xx (and 1 more)',
    ],
    [
      'a missing form token',
      { ...login, form: { email: 'a@b.c' } },
      '"log in": status is 403, expected 2xx (and 1 more)',
    ],
    [
      'an answer without the value',
      { ...login, capture: { role: '$.user.nothing' } },
      '"log in": the answer has no value for role',
    ],
    [
      'a value in no header',
      { ...login, capture: { id: { header: 'x-none' } } },
      '"log in": the answer has no value for id',
    ],
  ] as const)('%s', async (_, step, summary) => {
    const after = { ...report, name: 'never asked' };
    const answer = await ask({ ...whole, steps: [register, verify, form, step, after] as Written['steps'] });
    expect(answer).toMatchObject({ status: 'FAIL', summary });
    expect(answer.evidence).not.toContain('never asked');
  });

  test('a service that is gone', async () => {
    const other = await startEvidenceApp();
    await other.stop();
    expect(await ask({ base: other.url, steps: [form] })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/^"log-in form": .* refused or dropped the connection$/),
    });
  });

  test('a flow that takes too long in all', async () => {
    app.faults.slowMs = 60;
    const steps = Array.from({ length: 10 }, (_, index) => ({ ...form, name: `look ${index}` }));
    const answer = await ask({ steps, timeout: '150ms' });
    expect(answer.status).toBe('FAIL');
    expect(answer.evidence.split('\n').length).toBeLessThan(5);
  });
});

test('a step that is slower than it should be is a WARN', async () => {
  app.faults.slowMs = 30;
  const slow = { ...form, expect: { latency: { warn: '10ms', fail: '10s' } } };
  expect(await ask({ steps: [slow] })).toMatchObject({
    status: 'WARN',
    summary: expect.stringMatching(/^"log-in form": the answer took/),
  });
});

test('a step is asked again until it is as expected', async () => {
  const later = {
    name: 'later',
    url: '/uptime',
    within: '5s',
    every: '20ms',
    expect: { json: { '$.monitors[0].state': 'late' } },
  };
  setTimeout(() => {
    app.state.uptime.state = 'late';
  }, 100);
  expect(await ask({ steps: [later] })).toMatchObject({ status: 'PASS' });
});

describe('a flow that could not be taken is PENDING', () => {
  test('a name that nobody resolves', async () => {
    expect(await ask({ base: 'http://nobody.invalid', steps: [form] })).toMatchObject({ status: 'PENDING' });
  });

  test('a value that nothing gave', async () => {
    expect(await ask({ steps: [login] })).toMatchObject({
      status: 'PENDING',
      summary: '"log in": nothing gave a value for csrf, email, password',
    });
    expect(app.state.requests).toBe(0);
  });
});

test('a flow that is given up throws', async () => {
  const controller = new AbortController();
  app.faults.slowMs = 5_000;
  const going = flow.ask(asking(flowSchema.parse({ base: app.url, steps: [form] }), { signal: controller.signal }));
  setTimeout(() => controller.abort(new Error('given up')), 30);
  await expect(going).rejects.toThrow('given up');
});

test('headers by pattern, and cookies that expire, are handled as browsers do', async () => {
  const logout: Written['steps'][number] = {
    name: 'log out',
    url: '/logout',
    method: 'POST',
    follow: false,
    expect: { status: 303 },
  };
  const id = { name: 'id', url: '/health', capture: { request: { header: 'x-request-id', matches: 'req-(\\d+)' } } };
  const me = { name: 'me', url: '/me?after={{request}}', expect: { status: 401 } };
  expect(await ask({ ...whole, steps: [register, verify, form, login, logout, id, me] })).toMatchObject({
    status: 'PASS',
  });
});
