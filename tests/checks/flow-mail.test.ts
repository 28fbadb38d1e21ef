import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { flowSchema } from '../../src/checks/flow/flow.schema.ts';
import { flow } from '../../src/checks/flow/flow.ts';
import { findMailServer, type MailServer, startMailServer } from '../support/mail-server.ts';
import { isMissing } from '../support/tools.ts';
import { asking } from './asking.ts';
import { evidenceForFile } from './evidence.ts';

const app = evidenceForFile();
const tool = await findMailServer();
const missing = isMissing(tool) ? tool.missing : undefined;
if (missing !== undefined) console.warn(missing);

let server: MailServer;
beforeAll(async () => {
  if (missing === undefined) server = await startMailServer();
}, 60_000);
beforeEach(() => {
  app().state.smtp = server?.smtp ?? null;
});
afterAll(() => server?.stop());

const text = { text: 'Confirm my address' };

const mailStep = (mail: object = {}, capture: object = { verify: { link: text } }): object => ({
  name: 'verification mail',
  mail: {
    mailbox: { imap: server.imap, user: server.user, password: server.password },
    to: '{{email}}',
    subject: 'confirm',
    arrival: '10s',
    ...mail,
  },
  capture,
});

const register = {
  name: 'register',
  url: '/register',
  method: 'POST',
  form: { email: '{{email}}', password: '{{password}}' },
  expect: { status: 201 },
};

const verify = { name: 'verify', url: '{{verify}}', capture: { csrf: { matches: 'name="csrf" value="([^"]+)"' } } };

const login = {
  name: 'log in',
  url: '/login',
  method: 'POST',
  form: { csrf: '{{csrf}}', email: '{{email}}', password: '{{password}}' },
  expect: { json: { '$.user.email': '{{email}}' } },
};

const steps = (mail: object = mailStep()): object[] => [register, mail, verify, login];

const values = { email: 'smoke+{{unique}}@shop.test', password: 'correct horse battery' };
const ask = (given: object[]) => flow.ask(asking(flowSchema.parse({ base: app().url, values, steps: given })));

describe.skipIf(missing !== undefined)('FR-09 register, verify by the mailed link, log in', () => {
  it('is a PASS, and the link is in no evidence', async () => {
    const answer = await ask(steps(mailStep({ text: 'Welcome', cleanup: true })));
    expect(answer, JSON.stringify(answer)).toMatchObject({ status: 'PASS', summary: '4 steps went as expected' });
    expect(answer.evidence).toMatch(
      /✔ verification mail: a message to smoke\+\w+@shop.test with subject confirm after/,
    );
    expect(JSON.stringify(answer)).not.toContain('token=');
    expect(app().state.sessions.size).toBe(1);
  });

  it('without the mail is a FAIL', async () => {
    app().faults.noMail = true;
    const answer = await ask(steps(mailStep({ arrival: '600ms' })));
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/^"verification mail": a message to .* did not arrive within \d+ ms$/),
    });
    expect(answer.evidence).toContain('✔ register');
  });

  it('with a link to another host is a FAIL, and nobody goes there', async () => {
    app().faults.wrongMailLink = true;
    expect(await ask(steps())).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('leads to phishing.test, expected 127.0.0.1'),
      evidence: expect.not.stringContaining('verify:'),
    });
  });

  it('is PENDING and registers nobody where the mailbox cannot be opened', async () => {
    const wrong = { imap: server.imap, user: server.user, password: 'no' };
    await expect(ask(steps(mailStep({ mailbox: wrong })))).rejects.toMatchObject({ kind: 'permission' });
    expect(app().state.users.size).toBe(1);
  });

  it('may also take a code out of the message', async () => {
    const captures = { code: { matches: 'token=(\\S+) to' }, id: { header: 'message-id' }, verify: { link: text } };
    expect(await ask(steps(mailStep({}, captures)))).toMatchObject({ status: 'PASS' });
    expect(await ask(steps(mailStep({}, { verify: { header: 'x-none' } })))).toMatchObject({
      status: 'FAIL',
      summary: '"verification mail": the message has no header x-none',
    });
  });
});

it('a captured link needs an expected host', () => {
  const step = { name: 'mail', mail: { mailbox: { mailpit: 'http://m.test' }, to: 'a@b.test' } };
  const parsed = flowSchema.safeParse({ steps: [{ ...step, capture: { verify: { link: text } } }] });
  expect(parsed.error?.issues[0]).toMatchObject({ path: ['base'] });
});
