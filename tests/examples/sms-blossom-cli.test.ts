import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, type Ran, savepoint } from '../cli/command.ts';
import { blossomForFile, leftBehind, missing, planFile } from './sms-blossom-bed.ts';

const bed = blossomForFile();

/** A folder of its own, as a user's repository that holds the plan. */
let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-blossom-'));
  await cp(dirname(planFile), cwd, { recursive: true });
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const check = (words: string[], env: Record<string, string> = {}): Promise<Ran> =>
  savepoint(['check', ...words], { cwd, env: { ...bed().world.env, ...env } });

describe.skipIf(missing !== undefined)('SB-09 savepoint check on SMS Blossom', () => {
  it('asks all nine groups in their order, ends with 0, and writes the go-live dashboard', async () => {
    const { code, stdout, stderr } = await check(
      '--version v1.0.0 --markdown reports/GO_LIVE_DASHBOARD.md --junit reports/checks.xml'.split(' '),
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/■ \d+ PASS: nothing blocks\n$/);
    expect(code).toBe(0);
    const headings = [...stdout.matchAll(/^(\w+)$/gm)].map(([, name]) => name);
    expect(headings.join(' ')).toBe(
      'configuration database queues security webhooks templates campaigns reports metrics',
    );
    const dashboard = await readFile(join(cwd, 'reports/GO_LIVE_DASHBOARD.md'), 'utf8');
    expect(dashboard).toContain('# Go-live: sms-blossom production v1.0.0');
    expect([...dashboard.matchAll(/^\| \w+ \| READY \|/gm)]).toHaveLength(9);
    expect(await readFile(join(cwd, 'reports/checks.xml'), 'utf8')).toMatch(/failures="0" errors="0" skipped="0"/);
    for (const name of ['JWT_SECRET', 'WEBHOOK_HMAC_SECRET', 'ENCRYPTION_KEY', 'DATABASE_URL']) {
      expect(stdout + dashboard, name).not.toContain(bed().world.env[name]);
    }
  }, 90_000);

  it('a FAIL ends with 3, and the dashboard says what was found and how to fix it', async () => {
    const { postgres, app } = bed().world;
    await app.blossom.queues['dead-letter'].add('lost', {});
    await postgres.sql('UPDATE customers SET email = email_encrypted, email_encrypted = NULL WHERE id <= 2', 'blossom');
    const { code, stdout } = await check('database queues --markdown reports/bad.md'.split(' '));
    await postgres.sql('UPDATE customers SET email_encrypted = email, email = NULL WHERE id <= 2', 'blossom');
    await app.blossom.queues['dead-letter'].obliterate({ force: true });
    expect(code).toBe(3);
    expect(stdout).toContain('! WARN    mail addresses are encrypted: value is 90, expected at least 95');
    expect(stdout).toContain('✘ FAIL    nothing was given up: 1 jobs wait in dead-letter, limit 0');
    const dashboard = await readFile(join(cwd, 'reports/bad.md'), 'utf8');
    expect(dashboard).toMatch(/\| queues \| BLOCKED \|/);
    expect(dashboard).toContain('Never empty Redis for it.');
  }, 90_000);

  it('a database that lets nobody in is PENDING, ends with 4, and says who may look at it', async () => {
    const DATABASE_URL = bed().world.postgres.url('blossom', { user: 'nobody', password: 'not-the-one' });
    const { code, stdout } = await check(['database', '--version', 'v1.0.0'], { DATABASE_URL });
    expect(code).toBe(4);
    expect(stdout).toContain('? PENDING the database answers: the database does not let this role in');
    expect(stdout).toContain("savepoint attest 'the database answers' --version v1.0.0 --by product-owner");
    expect(stdout).not.toContain('not-the-one');
  }, 90_000);

  it('after Ctrl-C in the middle no row, no job and no counted request is left, and it ends with 6', async () => {
    const { child, ended } = launch(['check'], { cwd, env: bed().world.env });
    while ((await leftBehind(bed().world)).every((what) => !what.startsWith('webhook_events')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    expect((await ended).code).toBe(6);
    expect(await leftBehind(bed().world)).toEqual([]);
  }, 90_000);
});
