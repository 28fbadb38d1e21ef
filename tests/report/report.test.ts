import { describe, expect, it } from 'vitest';
import type { ReleaseResult } from '../../src/release/status.ts';
import { htmlReport } from '../../src/report/html.ts';
import { jsonReport } from '../../src/report/json.ts';
import { restoredLines, resultLines } from '../../src/report/lines.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { progress, running } from '../../src/report/progress.ts';
import { statusLines } from '../../src/report/standing.ts';
import { resultTable } from '../../src/report/table.ts';
import { at, database, done, gate, going, step, wentBack } from './releases.ts';

const texts = (lines: readonly { text: string }[]): string[] => lines.map(({ text }) => text);

const result: ReleaseResult = {
  schemaVersion: 1,
  outcome: 'rolled-back',
  application: 'shop',
  environment: 'production',
  version: 'v3',
  release: 'run-1',
  runId: 'run-1',
  workflowId: 'release/shop/production',
  digest: null,
  failedStep: 'migrate database',
  failure: { kind: 'failed', message: 'column exists' },
  restored: [{ target: 'database', proved: 'content', kept: 'shop_superseded_run1', detail: null }],
  stays: [],
  rowsLost: null,
  downtimeMs: 850,
  startedAt: at(0),
  endedAt: at(40),
  durationMs: 40_000,
  decidedBy: null,
  notes: [],
  dirty: null,
};

describe('a report', () => {
  it('shows markup of others as text, in Markdown and in HTML', () => {
    const markdown = markdownReport(wentBack);
    expect(markdown).toContain(String.raw`003.sql: column "\<b\>price\</b\>" \| exists`);
    const html = htmlReport(wentBack);
    expect(html).toContain('003.sql: column &quot;&lt;b&gt;price&lt;/b&gt;&quot; | exists');
    expect(html).not.toContain('<b>');
  });

  it('names the level of proof for each part of every restored target', () => {
    const row = [
      '| database | restored | proved by content | structure: catalogue; content: orders, order\\_lines',
      '850 ms | shop\\_superseded\\_run1 |',
    ].join(' | ');
    expect(markdownReport(wentBack)).toContain(row);
    expect(htmlReport(wentBack)).toContain('<td>structure: catalogue; content: orders, order_lines</td>');
    expect(texts(restoredLines(database))).toEqual([
      '↩ restored: database  proved by content  users cut off 850 ms  kept: shop_superseded_run1',
      '    structure: catalogue',
      '    content: orders, order_lines',
    ]);
  });

  it('never says proved where nothing was, and says what differs', () => {
    const differences = [{ part: 'orders', level: 'content', expected: '10 rows', actual: '9 rows' }] as const;
    const proof = { level: 'unproved', parts: [], differences: [...differences] } as const;
    const lines = texts(
      restoredLines({ ...database, proved: 'unproved', proof: { ...proof, parts: [], differences: [...differences] } }),
    );
    expect(lines[0]).toContain('restored: database  not proved');
    expect(lines[1]).toBe('    differs: orders: expected 10 rows, found 9 rows');
  });

  it('is one HTML file that loads nothing and runs nothing', () => {
    const html = htmlReport(wentBack);
    expect(html).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import/i);
    expect(html).toContain("default-src 'none'");
    expect(html.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
  });

  it('holds the whole status as JSON', () => {
    expect(JSON.parse(jsonReport(wentBack))).toEqual(wentBack);
  });

  it('cannot move the cursor of a terminal by what others wrote', () => {
    const evil = going({ notes: ['a\u001b[2Jb\rc'], waitingFor: 'x\u0007' });
    expect(texts(statusLines(evil)).join('')).not.toMatch(/\p{Cc}/u);
  });
});

describe('the table of results', () => {
  it('tells rows that were not measured from none', () => {
    const good = {
      ...result,
      version: 'v2',
      outcome: 'released',
      failedStep: null,
      restored: [],
      downtimeMs: null,
    } as const;
    const exact = { ...result, version: 'v4', rowsLost: 0 };
    expect(resultTable([{ ...good, restored: [] }, result, exact])).toBe(
      [
        'version  ending       failed step       restored                    rows lost     cut off  duration',
        '───────  ───────────  ────────────────  ──────────────────────────  ────────────  ───────  ────────',
        'v2       released     -                 -                           -             -        40.0 s',
        'v3       rolled-back  migrate database  database proved by content  not measured  850 ms   40.0 s',
        'v4       rolled-back  migrate database  database proved by content  0 rows        850 ms   40.0 s',
      ].join('\n'),
    );
  });

  it('a result in a few lines', () => {
    expect(texts(resultLines(result))).toEqual([
      '■ shop production v3: rolled-back  everything that had to go back is back  40.0 s',
      '    failed: migrate database: column exists',
      '    restored: database  proved by content  kept: shop_superseded_run1',
      '    rows lost: not measured, users cut off: 850 ms',
    ]);
  });

  it('a release that was refused before its first step says what to type instead, once', () => {
    const message = 'release run0 of v8 ended terminated half way: it had changed database';
    const failure = { kind: 'refused', message, remedy: 'start with --resume' } as const;
    const refused = { outcome: 'stopped' as const, failedStep: null, failure, restored: [], notes: [message] };
    const said = [`    refused: ${message}`, '    → start with --resume'];
    expect(texts(resultLines({ ...result, ...refused })).slice(1)).toEqual(said);
    expect(texts(statusLines(going(refused))).slice(2)).toEqual(said);
  });
});

describe('what a follower is told', () => {
  it('is each thing once, oldest first, and the question last with its commands', () => {
    const first = going({ steps: [done('prepare database', 1, 215), step('survey database')] });
    expect(texts(progress(null, first))).toEqual(['✔ prepare database  215 ms']);
    expect(progress(first, first)).toEqual([]);
    const asked = going({ steps: [done('prepare database', 1, 215), done('survey database', 2, 30)], question: gate });
    expect(texts(progress(first, asked))).toEqual([
      '✔ survey database  30 ms',
      '? Release shop v2 to production?',
      '    - database (postgres) → v2, migration backward (claimed)',
      '    who: deployment-lead, product-owner; not deployment-lead, who asked for the release',
      '    until 2026-03-07 03:00:10 UTC; without an answer the answer is "expire"',
      '    Go',
      '      savepoint approve release/shop/production --by product-owner --digest 3fe55f515a29',
      '    No-go',
      "      savepoint reject release/shop/production --by product-owner --reason 'why'",
    ]);
    expect(texts(progress(asked, { ...wentBack, steps: asked.steps, restored: [] }))).toEqual([
      '! refused: approve by intern: intern may not answer this',
      '! product-owner said approve',
    ]);
  });

  it('is a failure with its remedy, and the restore with its proof', () => {
    expect(texts(progress({ ...wentBack, steps: [], restored: [] }, wentBack))).toEqual([
      '✔ snapshot database  400 ms',
      '✘ migrate database  1.2 s',
      '    failed: 003.sql: column "<b>price</b>" | exists',
      '    → Mend 003.sql.',
      '↩ restored: database  proved by content  users cut off 850 ms  kept: shop_superseded_run1',
      '    structure: catalogue',
      '    content: orders, order_lines',
    ]);
  });

  it('is what runs just now, with the time since it began', () => {
    const busy = going({
      steps: [step('deploy backend', { state: 'running', startedAt: at(5), detail: 'waits for health' })],
    });
    expect(running(busy, at(8, 200))).toBe('▸ deploy backend  3.2 s  waits for health');
    expect(running(going({ waitingFor: 'the release window' }), at(8))).toBe('▸ waits for the release window');
  });
});
