import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { askOnce } from '../../src/checks/ask.ts';
import { backupSchema } from '../../src/checks/backup.schema.ts';
import { backup } from '../../src/checks/backup.ts';
import type { Check } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { asking } from './asking.ts';
import { folderForFile } from './folder.ts';

const folder = folderForFile();
const hour = 3_600_000;
const day = 24 * hour;

const ask = (more: Partial<z.input<typeof backupSchema>> = {}) => {
  const spec = backupSchema.parse({ ...(more.command || more.sql ? {} : { files: ['backups/*.dump'] }), ...more });
  return askOnce(backup as Check<Json>, asking(spec as Json, { home: folder.home() }));
};

const kept = { min: '7d', max: '14d' };

describe('FB-08 backups in a folder', () => {
  const write = (name: string, ageMs: number, text = 'x'.repeat(2_000)) =>
    folder.write(`backups/${name}.dump`, text, ageMs);

  test('that are young, kept and not empty are a PASS', async () => {
    await write('today', 3 * hour);
    await write('old', 10 * day);
    expect(await ask({ kept, size: '1 KB', count: 2 })).toMatchObject({
      status: 'PASS',
      summary: 'the newest of 2 backups is 3 h old',
    });
  });

  test.each([
    [
      'the newest is too old',
      async () => write('a', 30 * hour),
      {},
      'the newest backup is 1 d 6 h old, expected at most 1 d',
    ],
    [
      'the newest is empty',
      async () => write('a', hour, ''),
      { size: '1 KB' },
      'the newest backup has 0 bytes, expected at least 1000',
    ],
    ['there are too few', async () => write('a', hour), { count: 7 }, 'there are 1 backups, expected at least 7'],
    [
      'they are not kept',
      async () => write('a', hour),
      { kept },
      'the oldest backup is 1 h old, they should be kept for 7 d',
    ],
    ['there is none', async () => undefined, {}, 'there is no backup'],
    ['it is from the future', async () => write('a', -2 * day), {}, 'the newest backup is from the future'],
  ])('%s: a FAIL', async (_, prepare, more, summary) => {
    await prepare();
    expect(await ask(more)).toMatchObject({ status: 'FAIL', summary, remedy: expect.any(String) });
  });

  test('that are kept for too long are a WARN', async () => {
    await write('today', hour);
    await write('ancient', 20 * day);
    expect(await ask({ kept })).toMatchObject({
      status: 'WARN',
      summary: 'the oldest backup is 20 d old, expected at most 14 d',
    });
  });

  test('carry their time in their name where the plan says so', async () => {
    await write('shop-20200101T020000Z', 0);
    const dated = 'shop-(\\d{8}T\\d{6}Z)';
    expect(await ask({ dated })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/^the newest backup is \d+ d/),
    });
    await write('by-hand', 0);
    expect(await ask({ dated })).toMatchObject({
      status: 'PENDING',
      summary: 'no time can be read from backups/by-hand.dump',
    });
  });
});

describe('FB-08 backups that a command lists', () => {
  const printed = (...lines: string[]) => ask({ command: ['printf', `${lines.join('\\n')}\\n`], size: '1 KB' });
  const iso = (ms: number) => new Date(Date.now() - ms).toISOString();

  test('with and without sizes', async () => {
    expect(await printed(`${iso(2 * day)} 5000`, `${iso(hour)} 4000`)).toMatchObject({ status: 'PASS' });
    expect(await printed(iso(hour))).toMatchObject({ status: 'PASS' });
    expect(await printed(`${iso(hour)} 12`)).toMatchObject({ status: 'FAIL' });
  });

  test('nothing listed is a FAIL; what cannot be read, or asked, is PENDING', async () => {
    expect(await ask({ command: ['true'] })).toMatchObject({ status: 'FAIL', summary: 'there is no backup' });
    expect(await printed('yesterday')).toMatchObject({
      status: 'PENDING',
      summary: 'no time can be read from yesterday',
    });
    expect(await ask({ command: ['false'] })).toMatchObject({
      status: 'PENDING',
      summary: 'false ended with exit code 1',
    });
    expect(await ask({ command: ['no-such-program-here'] })).toMatchObject({ status: 'PENDING' });
  });
});

describe('FB-08 backups in a table', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
    await postgres.sql("CREATE TABLE backups AS SELECT now() - '2 hours'::interval AS taken_at, 4096::bigint AS bytes");
  });
  afterAll(() => postgres?.stop());
  const sql = (query: string) => ask({ sql: { url: postgres.url(), query }, size: '1 KB' });

  test('are read by a query', async () => {
    expect(await sql('SELECT taken_at, bytes FROM backups')).toMatchObject({
      status: 'PASS',
      summary: 'the newest of 1 backups is 2 h old',
    });
    expect(await sql("SELECT taken_at - '2 days'::interval FROM backups")).toMatchObject({ status: 'FAIL' });
    expect(await sql('SELECT taken_at FROM gone')).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('does not exist'),
    });
  });

  test('cannot be read without the database: PENDING, without the password', async () => {
    const answer = await ask({ sql: { url: 'postgresql://u:hidden-pa55@127.0.0.1:1/x', query: 'SELECT 1' } });
    expect(answer.status).toBe('PENDING');
    expect(JSON.stringify(answer)).not.toContain('hidden-pa55');
  });
});
