import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../src/release/check.ts';
import { standingOf } from '../../src/release/suite.ts';
import { suiteJunit } from '../../src/report/junit.ts';
import { type SuiteRun, suiteLines, suiteMarkdown } from '../../src/report/suite.ts';

const result = (name: string, more: Partial<CheckResult> = {}): CheckResult => ({
  status: 'PASS',
  summary: 'as expected',
  evidence: '',
  name,
  kind: 'http',
  critical: true,
  durationMs: 120,
  tries: 1,
  ...more,
});

const run = (...results: CheckResult[]): SuiteRun => ({
  application: 'shop',
  environment: 'production',
  version: 'v2',
  startedAt: '2026-03-07T02:00:00.000Z',
  endedAt: '2026-03-07T02:01:00.000Z',
  results,
});

const bad = result('orders | refunds', {
  status: 'FAIL',
  summary: '<b>boom</b> & "more" \u0007\ud800',
  evidence: 'line 1\nline `2`',
  remedy: 'see [the log](http://evil.test)',
  group: 'orders',
});
const unasked = result('queue', { status: 'PENDING', remedy: 'start Redis', group: 'queues' });
const optional = result('optional', { status: 'PENDING', critical: false, group: 'queues' });
const attested = result('looked at', {
  status: 'PENDING',
  attested: { by: 'lead', at: '2026-03-07T01:00:00Z', note: 'seen' },
});
const warns = result('coverage', { status: 'WARN', summary: '93 %', remedy: 'encrypt the rest' });

describe('SB-02 what a run says about going live', () => {
  it.each([
    ['ready', [result('a'), warns, optional, attested]],
    ['open', [result('a'), unasked]],
    ['blocked', [bad, unasked]],
    ['blocked', [result('a', { status: 'FAIL', critical: false })]],
  ] as const)('%s', (standing, results) => expect(standingOf(results)).toBe(standing));
});

describe('SB-09 the go-live dashboard', () => {
  it('tells every result with evidence, duration and how to fix it, group by group', () => {
    const text = suiteMarkdown(run(result('a'), bad, unasked, attested, warns));
    expect(text).toContain('# Go-live: shop production v2');
    expect(text).toContain('**BLOCKED** · 1 PASS, 1 WARN, 1 FAIL, 2 PENDING');
    expect(text).toContain('| orders | BLOCKED | 0 | 0 | 1 | 0 |');
    expect(text).toContain('| queues | PERSON NEEDED |');
    expect(text).toContain('| WARN | coverage | 93 % | - | 120 ms | encrypt the rest |');
    expect(text).toMatch(
      /\| PENDING \| looked at \| as expected; attested by lead at 2026-03-07 01:00:00 UTC: seen \|/,
    );
  });

  it('is not formatted by what others wrote', () => {
    const text = suiteMarkdown(run(bad));
    expect(text).toContain('orders \\| refunds');
    expect(text).not.toContain('<b>');
    expect(text).toContain('see \\[the log\\](');
  });
});

describe('SB-02 the run as JUnit', () => {
  const xml = suiteJunit(run(result('a'), bad, unasked, optional, warns));

  it('counts failures, errors and what was skipped', () => {
    expect(xml).toContain(
      '<testsuites name="shop production" tests="5" failures="1" errors="1" skipped="1" time="0.600">',
    );
    expect(xml).toContain(
      '<testcase classname="queues" name="optional" time="0.120"><skipped message="as expected"/></testcase>',
    );
    expect(xml).toContain('<system-out>WARN: 93 %');
  });

  it('holds nothing that XML has no way to write', () => {
    expect(xml).toContain('<failure message="&lt;b&gt;boom&lt;/b&gt; &amp; &quot;more&quot; ">line 1\nline `2`\n→ see');
    for (const character of ['\u0007', '\ud800']) expect(xml).not.toContain(character);
  });
});

it('a terminal shows evidence and remedy of what is not good, on lines of their own', () => {
  const lines = suiteLines(run(bad, optional)).map(({ text }) => text);
  expect(lines[0]).toBe('orders');
  expect(lines).toContain('      line 1');
  expect(lines.join('\n')).toContain('? PENDING optional (not required)');
  expect(lines.join('')).not.toContain('\u0007');
});
