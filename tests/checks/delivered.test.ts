import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { deliveredSchema } from '../../src/checks/mail/delivered.schema.ts';
import { delivered } from '../../src/checks/mail/delivered.ts';
import { TargetFailure } from '../../src/release/failure.ts';
import { type Mailpit, startMailpit } from '../support/mailpit.ts';
import { asking } from './asking.ts';
import { closedUrl, evidenceForFile } from './evidence.ts';
import { folderForFile } from './folder.ts';

const app = evidenceForFile();
const { home, write } = folderForFile();
let mailpit: Mailpit;
beforeAll(async () => {
  mailpit = await startMailpit();
});
afterAll(() => mailpit.stop());

type Written = z.input<typeof deliveredSchema>;

const error = (): Partial<Written> => ({
  send: {
    url: `${app().url}/debug/error`,
    method: 'POST',
    body: 'test error {{unique}}',
    expect: { status: 500 },
  },
});
const tracker = (): Written['arrives'] => ({
  http: { url: `${app().url}/tracker/issues?query={{unique}}`, at: '$.issues[*].title' },
});
const removal = (): Partial<Written> => ({
  capture: { issue: '$.issues[0].id' },
  cleanup: { url: `${app().url}/tracker/issues/{{issue}}`, method: 'DELETE' },
});

const ask = (written: Partial<Written>, signal = new AbortController().signal) =>
  delivered.ask(
    asking(deliveredSchema.parse({ arrives: tracker(), arrival: '5s', ...written }), { home: home(), signal }),
  );

describe('FR-11 a test error', () => {
  it('that arrives at the tracker is a PASS with its delay, and is removed again', async () => {
    app().state.reports.push({ id: 7, title: 'Error: of a customer' });
    const answer = await ask({ ...error(), ...removal() });
    expect(answer, JSON.stringify(answer)).toMatchObject({ status: 'PASS' });
    expect(answer.summary).toMatch(/^what was sent arrived at http:\/\/.*\/tracker\/issues after \d+ ms$/);
    expect(app().state.reports).toEqual([{ id: 7, title: 'Error: of a customer' }]);
  });

  it('that never arrives is a FAIL, also where the answer repeats the question', async () => {
    app().faults.lostErrors = true;
    expect(await ask({ ...error(), ...removal(), arrival: '600ms' })).toMatchObject({
      status: 'FAIL',
      summary: `what was sent did not arrive at ${app().url}/tracker/issues within 600 ms`,
      evidence: expect.stringMatching(/looked for [0-9a-f]{10} at/),
    });
  });

  it('that arrives late, or cannot be removed again, is a WARN', async () => {
    expect(await ask({ ...error(), arrival: { warn: '10ms', fail: '5s' } })).toMatchObject({
      status: 'WARN',
      summary: expect.stringMatching(/^it took \d+ ms to arrive, limit 10 ms$/),
    });
    const cleanup: Written['cleanup'] = { url: `${app().url}/tracker/all`, method: 'DELETE' };
    expect(await ask({ ...error(), cleanup })).toMatchObject({
      status: 'WARN',
      summary: `not removed again: DELETE ${app().url}/tracker/all: status is 404, expected 2xx`,
    });
  });

  it('that the application does not make is a FAIL, and nobody waits', async () => {
    app().faults.down = false;
    const send = { url: `${app().url}/debug/none`, method: 'POST' as const, body: '{{unique}}' };
    expect(await ask({ send })).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('status is 404') });
  });

  it('is not sent where nobody could see it arrive: PENDING', async () => {
    const at = async (url: string): Promise<unknown> =>
      await ask({ ...error(), arrives: { http: { url: `${url}/secret-4711`, at: '$' } } }).then(
        () => null,
        (thrown: unknown) => thrown,
      );
    for (const url of [await closedUrl(), app().url]) {
      const thrown = await at(url);
      expect(thrown).toBeInstanceOf(TargetFailure);
      expect(String(thrown)).toContain('so nobody can see what arrives');
    }
    expect(app().state.reports).toEqual([]);
  });

  it('whose place goes away while it is waited for is PENDING', async () => {
    app().faults.lostErrors = true;
    setTimeout(() => {
      app().faults.down = true;
    }, 150);
    expect(await ask({ ...error(), arrival: '500ms' })).toMatchObject({
      status: 'PENDING',
      summary: expect.stringContaining('answers 503, so nobody can see what arrives'),
    });
  });
});

describe('FR-11 a test notice', () => {
  it('that a command sends arrives in a log', async () => {
    await write('logs/app.log', 'started\n');
    const arrives = { log: { files: ['logs/*.log'] } };
    const say = (file: string): Written['run'] => ({ command: ['sh', '-c', `echo "notice {{unique}}" >> ${file}`] });
    expect(await ask({ run: say('logs/app.log'), arrives })).toMatchObject({ status: 'PASS' });
    expect(await ask({ run: say('other.txt'), arrives, arrival: '300ms' })).toMatchObject({ status: 'FAIL' });
    expect(await ask({ run: { command: ['sh', '-c', 'echo no {{unique}}; exit 3'] }, arrives })).toMatchObject({
      status: 'FAIL',
      summary: 'sh, which sends it, ended with exit code 3',
    });
  });

  it('arrives as a mail, which is removed again', async () => {
    const arrives = { mail: { mailbox: { mailpit: mailpit.url }, to: 'ops@shop.test', cleanup: true } };
    const watching = setInterval(() => {
      const [report] = app().state.reports.splice(0);
      const mail = { from: 'alerts@shop.test', to: 'ops@shop.test', subject: 'Alert' };
      if (report !== undefined) void mailpit.put({ ...mail, text: report.title });
    }, 20);
    await mailpit.put({ from: 'alerts@shop.test', to: 'ops@shop.test', subject: 'Alert', text: 'old' });
    const answer = await ask({ ...error(), arrives });
    clearInterval(watching);
    expect(answer).toMatchObject({ status: 'PASS' });
    expect(mailpit.ids()).toHaveLength(1);
  });
});

it('an abort ends the wait at once', async () => {
  app().faults.lostErrors = true;
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('enough')), 300);
  await expect(ask({ ...error(), arrival: '60s' }, abort.signal)).rejects.toThrow('enough');
});

describe('the plan is told', () => {
  const problems = (written: object): string =>
    JSON.stringify(deliveredSchema.safeParse({ ...error(), arrives: tracker(), ...written }).error?.issues);

  it('what would prove nothing', () => {
    expect(problems({ send: { url: 'http://a.test', body: 'always the same' } })).toContain('must hold {{unique}}');
    expect(problems({ arrives: { http: { url: 'http://a.test/?q={{unique}}' } } })).toContain('which proves nothing');
    expect(problems({ arrives: {} })).toContain('exactly one of http, log, mail');
    expect(problems({ run: { command: ['x'] } })).toContain('and not both');
  });
});
