import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { askOnce } from '../../src/checks/ask.ts';
import { momentOf, timedLines } from '../../src/checks/logs/log-times.ts';
import { logsSchema } from '../../src/checks/logs/logs.schema.ts';
import { logs } from '../../src/checks/logs/logs.ts';
import type { Check } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { asking } from './asking.ts';
import { folderForFile } from './folder.ts';

const folder = folderForFile();
const minute = 60_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

const ask = (written: Partial<z.input<typeof logsSchema>>) => {
  const spec = logsSchema.parse({ ...(written.command ? {} : { files: ['./*.log'] }), ...written });
  return askOnce(logs as Check<Json>, asking(spec as Json, { home: folder.home() }));
};

const errors = { errors: [{ matches: '\\bERROR\\b' }], ignore: ['ERROR but expected'] };

describe('FR-09 logs in files', () => {
  test('with the line that must be there and without errors are a PASS', async () => {
    await folder.write('app.log', `${ago(3 * minute)} Server started v2\n${ago(minute)} ERROR but expected\n`);
    expect(await ask({ start: ['Server started'], ...errors })).toMatchObject({
      status: 'PASS',
      summary: '2 lines looked at, without an error',
    });
  });

  test('with an error, or without the line, are a FAIL', async () => {
    await folder.write('app.log', `${ago(minute)} ERROR cannot reach mail for anna@shop.test password=hunter2222\n`);
    const answer = await ask(errors);
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/^1 lines are errors, the first: .* ERROR cannot reach mail/),
    });
    expect(JSON.stringify(answer)).not.toMatch(/hunter2222|anna@shop/);
    expect(await ask({ start: ['Server started'] })).toMatchObject({
      status: 'FAIL',
      summary: 'no line holds "Server started"',
    });
  });

  test('with few errors that are tolerated are a WARN', async () => {
    await folder.write('app.log', `ERROR one\nERROR two\nfine\n`);
    expect(await ask({ ...errors, tolerate: 2 })).toMatchObject({ status: 'WARN' });
    expect(await ask({ ...errors, tolerate: 1 })).toMatchObject({ status: 'FAIL' });
  });

  test('count only since then, and a line without a time belongs to the one before', async () => {
    await folder.write('app.log', `${ago(30 * minute)} ERROR old\n  at stack ERROR\n${ago(minute)} fine\n`);
    expect(await ask({ ...errors, since: '15m' })).toMatchObject({ status: 'PASS' });
    expect(await ask({ ...errors, since: '1h' })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/^2 lines are errors/),
    });
  });

  test('count only after the last start', async () => {
    await folder.write('app.log', 'starting v1\nERROR of v1\nstarting v2\nfine\n');
    expect(await ask({ ...errors, after: 'starting v2' })).toMatchObject({ status: 'PASS' });
    expect(await ask({ ...errors, after: 'starting v3' })).toMatchObject({
      status: 'PENDING',
      summary: 'no line holds "starting v3"',
    });
  });

  test('of several files, and of JSON lines, are read', async () => {
    await folder.write('a.log', `{"level":30,"time":${Date.now() - minute},"msg":"ready"}\n`);
    await folder.write('b.log', `{"level":"ERROR","timestamp":"${ago(minute)}","msg":"broken"}\n`);
    expect(await ask({ start: ['ready'], since: '5m' })).toMatchObject({ status: 'PASS' });
    expect(await ask({ ...errors, since: '5m' })).toMatchObject({ status: 'FAIL' });
  });

  test('that stopped growing are a FAIL', async () => {
    await folder.write('app.log', `${ago(10 * minute)} last words\n`);
    expect(await ask({ arriving: '5m' })).toMatchObject({
      status: 'FAIL',
      summary: 'the newest line is 600 s old, expected at most 300 s',
    });
    expect(await ask({ arriving: '15m' })).toMatchObject({ status: 'PASS' });
  });

  test('that a command prints are read as well', async () => {
    expect(await ask({ command: ['echo', 'Server started'], start: ['Server started'] })).toMatchObject({
      status: 'PASS',
    });
    expect(await ask({ command: ['sh', '-c', 'exit 3'], start: ['a'] })).toMatchObject({
      status: 'PENDING',
      summary: 'sh ended with exit code 3',
    });
  });

  test('that cannot be judged are PENDING', async () => {
    expect(await ask(errors)).toMatchObject({ status: 'PENDING', summary: 'there is no file ./*.log' });
    await folder.write('app.log', '');
    expect(await ask(errors)).toMatchObject({ status: 'PENDING', summary: 'there is no line to judge' });
    expect(await ask({ ...errors, quiet: true })).toMatchObject({ status: 'PASS' });
    await folder.write('app.log', 'no time here\n');
    expect(await ask({ ...errors, since: '5m' })).toMatchObject({
      status: 'PENDING',
      summary: 'no line carries a time',
    });
  });
});

describe('times of lines', () => {
  test.each([
    ['2026-03-07T02:15:09Z', Date.UTC(2026, 2, 7, 2, 15, 9)],
    ['2026-03-07 02:15:09,250 UTC', Date.UTC(2026, 2, 7, 2, 15, 9, 250)],
    ['2026-03-07 02:15:09.250 +0100', Date.UTC(2026, 2, 7, 1, 15, 9, 250)],
    ['1772849709', 1772849709000],
    ['not a time', null],
  ])('%s', (written, at) => expect(momentOf(written)).toBe(at));

  test('are found near the beginning of a line only', () => {
    expect(
      timedLines(`[2026-03-07T02:15:09Z] a\n${'x'.repeat(90)} 2027-03-07T02:15:09Z`).map(({ atMs }) => atMs),
    ).toEqual([Date.UTC(2026, 2, 7, 2, 15, 9), Date.UTC(2026, 2, 7, 2, 15, 9)]);
  });
});
