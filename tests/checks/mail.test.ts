import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { mailSchema } from '../../src/checks/mail/mail.schema.ts';
import { mail } from '../../src/checks/mail/mail.ts';
import { openMailbox } from '../../src/checks/mail/mailboxes.ts';
import type { Answer } from '../../src/release/check.ts';
import { TargetFailure } from '../../src/release/failure.ts';
import { findMailServer, type MailServer, startMailServer } from '../support/mail-server.ts';
import { type Mailpit, startMailpit } from '../support/mailpit.ts';
import { isMissing } from '../support/tools.ts';
import { asking } from './asking.ts';
import { closedUrl, evidenceForFile } from './evidence.ts';

const app = evidenceForFile();
const tool = await findMailServer();
const missing = isMissing(tool) ? tool.missing : undefined;
if (missing !== undefined) console.warn(missing);

let server: MailServer;
let mailpit: Mailpit;
beforeAll(async () => {
  [server, mailpit] = await Promise.all([missing === undefined ? startMailServer() : server, startMailpit()]);
}, 60_000);
beforeEach(() => {
  app().state.smtp = server?.smtp ?? null;
});
afterAll(async () => {
  await server?.stop();
  await mailpit.stop();
});

type Written = z.input<typeof mailSchema>;
const box = (): Written['mailbox'] => ({ imap: server.imap, user: server.user, password: server.password });
const register = (): Written['trigger'] => ({
  url: `${app().url}/register`,
  method: 'POST',
  json: { email: 'smoke+{{unique}}@shop.test', password: 'correct horse battery' },
});

const ask = (written: Partial<Written> = {}) => {
  const all = { mailbox: box(), trigger: register(), to: 'smoke+{{unique}}@shop.test', arrival: '10s', ...written };
  return mail.ask(asking(mailSchema.parse(all)));
};

const left = async (): Promise<number> => {
  const { ImapFlow } = await import('imapflow');
  const { hostname: host, port } = new URL(server.imap);
  const auth = { user: server.user, pass: server.password };
  const client = new ImapFlow({ host, port: Number(port), secure: false, auth, logger: false });
  await client.connect();
  const status = await client.status('INBOX', { messages: true });
  await client.logout();
  return status === false ? -1 : (status.messages ?? -1);
};

const confirm = { text: 'confirm my address', expect: { text: 'name="csrf"' } };

describe.skipIf(missing !== undefined)('FR-09 a verification mail', () => {
  it('that arrives, and whose link verifies the address, is a PASS that shows no link', async () => {
    const answer = await ask({
      subject: { matches: 'Grüße$' },
      text: 'Welcome & hello',
      follow: confirm,
      cleanup: true,
    });
    expect(answer, JSON.stringify(answer)).toMatchObject({ status: 'PASS' });
    expect(answer.summary).toMatch(/^a message to smoke\+\w+@shop.test with .* and its link works$/);
    expect([...app().state.users.values()].at(-1)).toMatchObject({ verified: true });
    expect(JSON.stringify(answer)).not.toMatch(/token=|verify/);
    expect(await left()).toBe(0);
  });

  it('that is never sent is a FAIL, whatever old and other messages there are', async () => {
    const old = { from: 'shop@shop.test', subject: 'Please confirm your address', text: 'old' };
    await createTransport(server.smtp).sendMail({ ...old, to: server.user });
    app().faults.noMail = true;
    const other = setTimeout(() => {
      void createTransport(server.smtp).sendMail({ ...old, to: server.user, subject: 'Invoice for ada@shop.test' });
    }, 300);
    const answer = await ask({ to: server.user, subject: 'confirm', arrival: '1500ms' });
    clearTimeout(other);
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: 'no message to smoke@shop.test with subject confirm arrived within 1500 ms',
      evidence: expect.stringContaining('others came: Invoice for [address]'),
    });
  });

  it('whose link leads to another host is a FAIL, and the link is not opened', async () => {
    app().faults.wrongMailLink = true;
    const answer = await ask({ follow: confirm });
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: `the link called "confirm my address" leads to phishing.test, expected ${new URL(app().url).host}`,
    });
    expect([...app().state.users.values()].at(-1)).toMatchObject({ verified: false });
    expect(await ask({ follow: { matches: '/reset' } })).toMatchObject({
      status: 'FAIL',
      summary: 'the message has no link whose address matches //reset/',
    });
  });

  it('that says something else, or whose link is answered otherwise, is a FAIL', async () => {
    const answer = await ask({ text: 'Your code', follow: { matches: '/verify', expect: { status: 404 } } });
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: 'the message lacks "Your code" (and 1 more)',
      evidence: expect.stringContaining('also: the link: status is 200, expected 404'),
    });
    expect(JSON.stringify(answer)).not.toMatch(/token=/);
  });

  it('that comes late is a WARN', async () => {
    expect(await ask({ arrival: { warn: '1ms', fail: '10s' } })).toMatchObject({
      status: 'WARN',
      summary: expect.stringMatching(/^it took \d+ ms to arrive, limit 1 ms$/),
    });
  });

  it('that nothing set off is a FAIL of the request, and nobody waits for it', async () => {
    app().faults.down = true;
    expect(await ask()).toMatchObject({
      status: 'FAIL',
      summary: `POST ${app().url}/register: status is 503, expected 2xx`,
    });
  });
});

/** What a release shows for a failure that a check throws. */
async function pendingOf(asked: Promise<Answer>): Promise<string> {
  const error: unknown = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TargetFailure);
  return error instanceof TargetFailure ? `${error.message} ${JSON.stringify(error.details)}` : '';
}

describe.skipIf(missing !== undefined)('a mailbox that cannot be asked is PENDING, and nothing is sent', () => {
  it('where the login is refused, the folder is not there or nobody listens; the password is never shown', async () => {
    const wrong = { ...box(), password: 'wrong-password-4711' };
    const users = app().state.users.size;
    const told = [
      await pendingOf(ask({ mailbox: wrong })),
      await pendingOf(ask({ mailbox: { ...box(), folder: 'Tests' } })),
      await pendingOf(ask({ mailbox: { ...box(), imap: (await closedUrl()).replace('http', 'imap') } })),
    ];
    expect(told[0]).toContain('127.0.0.1 refuses the login to the mailbox');
    expect(told[1]).toContain('127.0.0.1 has no folder Tests');
    expect(told[2]).toContain('the mailbox on 127.0.0.1 cannot be asked');
    expect(told.join()).not.toContain('4711');
    expect(app().state.users.size).toBe(users);
  });

  it('and an abort ends the wait at once', async () => {
    app().faults.noMail = true;
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 300);
    const spec = mailSchema.parse({ mailbox: box(), to: 'nobody@shop.test', arrival: '60s' });
    await expect(mail.ask(asking(spec, { signal: abort.signal }))).rejects.toThrow('enough');
  });
});

describe('a mailbox of Mailpit', () => {
  const verification = { from: 'shop@shop.test', to: 'smoke@shop.test', subject: 'Confirm' };
  const wanted = (): Written => ({ mailbox: { mailpit: mailpit.url }, to: 'Smoke@shop.test', arrival: '3s' });

  it('shows only what came since, and loses the message that was found and no other', async () => {
    await mailpit.put({ ...verification, text: 'old' });
    const spec = mailSchema.parse({ ...wanted(), text: 'new', cleanup: true });
    const sent = setTimeout(() => void mailpit.put({ ...verification, html: '<p>n<b>e</b>w</p>' }), 200);
    expect(await mail.ask(asking(spec))).toMatchObject({ status: 'PASS' });
    clearTimeout(sent);
    expect(mailpit.ids()).toHaveLength(1);
    expect(await mail.ask(asking(mailSchema.parse({ ...wanted(), arrival: '300ms' })))).toMatchObject({
      status: 'FAIL',
    });
  });

  it('that is none, refuses or does not answer is PENDING', async () => {
    const guarded = await startMailpit({ password: 'right' });
    const { signal } = new AbortController();
    const problem = async (url: string): Promise<string> =>
      await openMailbox({ mailpit: url }, signal).then(
        () => 'none',
        (error: Error) => error.message,
      );
    expect(await problem(guarded.url)).toBe('the Mailpit answers 401');
    expect(await problem(guarded.url.replace('//', '//mail:right@'))).toBe('none');
    await guarded.stop();
    expect(await problem(guarded.url)).toBe('the Mailpit does not answer');
    expect(await problem(`${app().url}/other`)).toBe('the mailbox is no Mailpit: it answers 404');
  });
});

describe('the plan is told', () => {
  const problems = (written: object): string =>
    JSON.stringify(mailSchema.safeParse({ mailbox: { mailpit: 'http://m.test' }, ...written }).error?.issues);

  it('that some message must be meant, and where its link may lead', () => {
    expect(problems({})).toContain('any message at all would do');
    expect(problems({ to: 'a@b.test', follow: { text: 'Confirm' } })).toContain('an expected host only');
    expect(problems({ to: 'a@b.test', follow: { hosts: ['https://shop.test/'], text: 'x' } })).toContain(
      'without https://',
    );
    expect(problems({ to: { matches: '(' } })).toContain('does not compile');
    expect(problems({ to: 'a@b.test', mailbox: { imap: 'imaps://me:secret@mail.test' } })).toContain('must be { imap');
  });
});
