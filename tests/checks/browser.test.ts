import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { browserSchema } from '../../src/checks/browser/browser.schema.ts';
import { browser } from '../../src/checks/browser/browser.ts';
import { findChromium } from '../../src/checks/browser/chromium.ts';
import type { Asking } from '../../src/release/check.ts';
import { asking } from './asking.ts';
import { closedUrl, evidenceForFile } from './evidence.ts';
import { folderForFile } from './folder.ts';

const app = evidenceForFile();
const { home } = folderForFile();
const missing = findChromium() === null;
if (missing) console.warn('there is no Chromium; install it or set CHROMIUM');

type Written = z.input<typeof browserSchema>;

const ask = (written: Partial<Written> = {}, more: Partial<Asking<never>> = {}) => {
  const spec = browserSchema.parse({ url: `${app().url}/shop`, settle: '0s', patience: '2s', ...written });
  return browser.ask(asking(spec, { records: join(home(), 'records'), ...more }));
};

const pictures = async (): Promise<string[]> => await readdir(join(home(), 'records/screenshots')).catch(() => []);

/** Profiles of browsers go below this folder, and below it only ours. */
const temporary = await mkdtemp(join(tmpdir(), 'savepoint-browser-'));
const before = process.env.TMPDIR;
beforeAll(() => {
  process.env.TMPDIR = temporary;
});
afterAll(async () => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  await rm(temporary, { recursive: true, force: true });
});

const profiles = async (): Promise<string[]> =>
  (await readdir(temporary)).filter((name) => name.startsWith('playwright_chromium'));

describe.skipIf(missing)('FR-09 a page in a browser', () => {
  it('that loads and does what people do there is a PASS', async () => {
    app().faults.consoleWarning = true;
    const answer = await ask({
      screenshot: 'always',
      values: { email: 'smoke-{{unique}}@shop.test' },
      title: { matches: '^Orders' },
      text: 'Your orders',
      steps: [
        { expect: ['Welcome', { matches: 'shop$' }] },
        { fill: { 'E-mail': '{{email}}', Password: 'a-secret-4711' } },
        { select: { Language: 'Deutsch' } },
        { click: 'Sign in' },
        { wait: { text: 'Signed in as smoke-' } },
        { expect: { selector: '#said', text: { matches: '^Signed in as smoke-[0-9a-f]{10}@shop.test in Deutsch$' } } },
        { click: 'Orders' },
        { expect: { url: { matches: '/shop/orders$' } } },
        { expect: { selector: 'li', count: 2 } },
        { goto: '/shop' },
        { click: 'Orders of friends' },
        { expect: ['Your orders'] },
      ],
    });
    expect(answer, JSON.stringify(answer)).toMatchObject({ status: 'PASS' });
    expect(answer.summary).toMatch(/works in Chromium: loaded in \d+ ms, \d+ requests, 0 failed, 0 console errors$/);
    expect(answer.evidence).toContain('✔ fill E-mail, Password');
    expect(JSON.stringify(answer)).not.toContain('4711');
    expect(await pictures()).toHaveLength(1);
  });

  it('with a script that is not there, an error in the console or an exception is a FAIL with a picture', async () => {
    Object.assign(app().faults, { brokenAsset: true, consoleError: true, uncaughtError: true });
    const answer = await ask();
    expect(answer).toMatchObject({ status: 'FAIL', summary: `GET ${app().url}/assets/app.js 404 (and 4 more)` });
    expect(answer.evidence).toContain('console error: cannot read the basket of [address], token=[hidden]');
    expect(answer.evidence).toContain('console error: uncaught ReferenceError: basket is not defined');
    expect(answer.evidence).toContain('no basket');
    const [picture = ''] = await pictures();
    expect(answer.evidence).toContain(`screenshot: screenshots/${picture} in the records`);
    const bytes = await readFile(join(home(), 'records/screenshots', picture));
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    await rm(join(home(), 'records'), { recursive: true });
    const console = { ignore: [{ matches: '^cannot read the basket' }, { matches: '^uncaught' }] };
    expect(await ask({ requests: { ignore: ['/assets/app.js 404'] }, console })).toMatchObject({ status: 'PASS' });
    expect(await pictures()).toEqual([]);
  });

  it('that leads to another host is judged as the site that it leads to', async () => {
    app().faults.brokenAsset = true;
    expect(await ask({ url: `${app().url}/old-shop`, screenshot: 'never' })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/^GET http:\/\/localhost:\d+\/assets\/app.js 404$/),
    });
  });

  it('that warns in the console, is slow, or asks another site for nothing is a WARN', async () => {
    Object.assign(app().faults, { brokenTracker: true, consoleWarning: true });
    const answer = await ask({ console: { warnings: 'warn' }, load: { warn: '1ms', fail: '60s' } });
    expect(answer).toMatchObject({
      status: 'WARN',
      summary: expect.stringMatching(/^on another site: GET http:\/\/localhost:\d+\/tracker.js .* \(and 2 more\)$/),
    });
    expect(answer.evidence).toContain('also: console warning: old interface');
    expect(answer.evidence).toContain('also: the first page took');
    expect(JSON.stringify(answer)).not.toContain('4711');
  });

  it('that does not show what it should is a FAIL, and hidden text is not seen', async () => {
    expect(await ask({ text: 'never seen', title: 'Another', patience: '300ms' })).toMatchObject({
      status: 'FAIL',
      summary: 'the title is "Front - Shop", expected Another (and 1 more)',
      evidence: expect.stringContaining('the page lacks "never seen"'),
    });
    expect(await ask({ steps: [{ click: 'Log out' }, { press: 'Enter' }], patience: '300ms' })).toMatchObject({
      status: 'FAIL',
      summary: 'click Log out: the page has nothing called "Log out"',
      evidence: expect.not.stringContaining('press Enter'),
    });
    expect(await ask({ steps: [{ click: 'Buy' }], patience: '300ms' })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/^click Buy: .*not enabled/),
    });
  });

  it('that answers with an error, or where nobody listens, is a FAIL', async () => {
    app().faults.down = true;
    expect(await ask()).toMatchObject({ status: 'FAIL', summary: `GET ${app().url}/shop 503` });
    expect(await ask({ url: await closedUrl() })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/refused or dropped the connection$/),
    });
  });
});

describe.skipIf(missing)('a page that could not be looked at is PENDING', () => {
  it('where its name is not known, or a step is unclear', async () => {
    expect(await ask({ url: 'http://nobody.invalid' })).toMatchObject({
      status: 'PENDING',
      summary: 'the name in http://nobody.invalid/ could not be resolved',
    });
    expect(await ask({ steps: [{ click: 'css=button' }] })).toMatchObject({
      status: 'PENDING',
      summary: '2 things on the page are called "css=button"',
    });
  });

  it('where a step waits for a value that nothing gave', async () => {
    expect(await ask({ steps: [{ goto: '/orders/{{order}}' }] })).toMatchObject({
      status: 'PENDING',
      summary: 'nothing gives a value for order',
    });
  });
});

it('a worker without Chromium is told how to get one', async () => {
  const given = process.env.CHROMIUM;
  process.env.CHROMIUM = join(home(), 'no-chromium');
  try {
    await expect(ask()).rejects.toMatchObject({
      kind: 'not-found',
      details: { remedy: expect.stringContaining('CHROMIUM') },
    });
  } finally {
    if (given === undefined) delete process.env.CHROMIUM;
    else process.env.CHROMIUM = given;
  }
});

/** Browsers that this process has started. */
async function browsersOfOurs(): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)]);
  const lines = stdout.split('\n').filter((line) => line.includes(temporary));
  return lines.map((line) => Number.parseInt(line, 10));
}

/** Takes every connection and never answers. */
async function silentServer(onConnection: () => void = () => undefined): Promise<{ url: string; stop(): void }> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, stop: () => void server.close() };
}

describe.skipIf(missing)('a page that never answers', () => {
  it('is a FAIL, because somebody took the connection', async () => {
    const silent = await silentServer();
    expect(await ask({ url: silent.url, timeout: '1s' })).toMatchObject({
      status: 'FAIL',
      summary: `${silent.url} accepted the connection and gave no whole answer within 1000 ms`,
    });
    silent.stop();
  });

  it('in a browser that is killed is PENDING, and leaves no profile', async () => {
    const silent = await silentServer(() => {
      void browsersOfOurs().then((pids) => {
        for (const pid of pids) process.kill(pid, 'SIGKILL');
      });
    });
    expect(await ask({ url: silent.url })).toMatchObject({
      status: 'PENDING',
      summary: 'Chromium ended in the middle',
    });
    silent.stop();
    await expect.poll(profiles, { timeout: 10_000 }).toEqual([]);
  });
});

describe.skipIf(missing)('an abort', () => {
  it('ends a page that never loads, and leaves no browser and no profile', async () => {
    const abort = new AbortController();
    const silent = await silentServer(() => abort.abort(new Error('enough')));
    const began = performance.now();
    await expect(ask({ url: silent.url }, { signal: abort.signal })).rejects.toThrow('enough');
    expect(performance.now() - began).toBeLessThan(8_000);
    silent.stop();
    expect(await profiles()).toEqual([]);
    expect(await browsersOfOurs()).toEqual([]);
  });
});

describe.skipIf(missing)('a picture', () => {
  it('covers passwords, what was filled in, and secrets of the plan that the page shows', async () => {
    const steps: Written['steps'] = [{ fill: { 'E-mail': 'seen@shop.test', Password: 'pass-4711' } }];
    const plain = await ask({ steps, screenshot: 'always' });
    expect(plain).toMatchObject({ status: 'PASS', evidence: expect.stringContaining('screenshot: screenshots/') });
    const secrets = async () => [{ reference: 'env:GREETING', forms: ['Welcome to the shop'] }];
    await ask({ steps, screenshot: 'always' }, { secrets });
    const names = (await pictures()).sort();
    const shares = await pinkShares(names.map((name) => join(home(), 'records/screenshots', name)));
    expect(shares).toHaveLength(2);
    expect(shares[0]).toBeGreaterThan(0.001);
    expect(shares[1]).toBeGreaterThan((shares[0] ?? 0) * 2);
  });
});

/** Share of the colour that playwright covers with, read by a browser because nothing else here reads pictures. */
async function pinkShares(files: readonly string[]): Promise<number[]> {
  const { startChromium } = await import('../support/chromium.ts');
  const { context, stop } = await startChromium();
  try {
    const page = await context.newPage();
    const shares: number[] = [];
    for (const file of files) shares.push(await page.evaluate<number>(pinkOf(await readFile(file, 'base64'))));
    return shares;
  } finally {
    await stop();
  }
}

function pinkOf(picture: string): string {
  return `(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${picture}';
    await image.decode();
    const drawing = new OffscreenCanvas(image.width, image.height).getContext('2d');
    drawing.drawImage(image, 0, 0);
    const pixels = drawing.getImageData(0, 0, image.width, image.height).data;
    let pink = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      if (pixels[at] === 255 && pixels[at + 1] === 0 && pixels[at + 2] === 255) pink += 1;
    }
    return pink / (pixels.length / 4);
  })()`;
}
