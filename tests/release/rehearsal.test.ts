import { describe, expect, it } from 'vitest';
import type { CheckResult, CheckStatus } from '../../src/release/check.ts';
import {
  provesBackward,
  type Rehearsal,
  type RehearsalName,
  rehearsalInWords,
  worstOf,
} from '../../src/release/rehearsal.ts';

const answer = (status: CheckStatus): CheckResult => ({
  ...{ name: 'items are shown', kind: 'http', critical: true, durationMs: 1, tries: 1 },
  ...{ status, summary: '', evidence: '' },
});

/** Every part with one good answer, but for what a case says. */
function rehearsal(
  differently: Partial<Record<RehearsalName, CheckStatus[]>> = {},
  more: Partial<Rehearsal> = {},
): Rehearsal {
  const names: RehearsalName[] = [
    'copy',
    'migrate',
    'previous version',
    'new version writes',
    'previous version again',
    'way back',
  ];
  const parts = names.map((name) => ({ name, ms: 1_500, checks: (differently[name] ?? ['PASS']).map(answer) }));
  return { verdict: 'PASS', findings: [], parts, statements: [], ...more };
}

describe('the previous code is proved to run on the new schema', () => {
  it('when it was asked before and after the new code wrote', () => {
    expect(provesBackward(rehearsal())).toBe(true);
    expect(provesBackward(rehearsal({ 'previous version again': ['PASS', 'WARN'] }))).toBe(true);
  });

  it.each<[string, Rehearsal]>([
    ['nothing was asked of it', rehearsal({ 'previous version': [] })],
    ['nothing was asked of it again', rehearsal({ 'previous version again': [] })],
    ['nothing was written', rehearsal({ 'new version writes': [] })],
    ['it could not be asked', rehearsal({ 'previous version': ['PENDING'] })],
    ['it did not pass', rehearsal({ 'previous version again': ['PASS', 'FAIL'] })],
    ['something else failed', rehearsal({}, { verdict: 'FAIL' })],
    ['no version was started', { ...rehearsal(), parts: [] }],
  ])('but not when %s', (_, tried) => {
    expect(provesBackward(tried)).toBe(false);
  });
});

describe('a rehearsal in words', () => {
  it('names durations, what is written anew, and what is wrong first', () => {
    const findings = [{ status: 'FAIL', what: 'it broke' } as const, { status: 'PASS', what: 'fine' } as const];
    const statements = [
      { text: 'x', tag: 'ALTER TABLE', by: 'y', ms: 1, locks: [], rewrote: ['public.items', 'public.stock'] },
    ];
    const words = rehearsalInWords(rehearsal({}, { verdict: worstOf(findings), findings, statements }));
    expect(words).toBe(
      'FAIL; copy 1.5 s; migrate 1.5 s; way back 1.5 s; writes anew public.items, public.stock; FAIL it broke',
    );
    expect(rehearsalInWords(rehearsal())).toBe(
      'PASS; copy 1.5 s; migrate 1.5 s; way back 1.5 s; the previous version runs on it',
    );
    const short = { verdict: 'WARN', findings: [], statements: [], parts: [{ name: 'migrate', ms: 250, checks: [] }] };
    expect(rehearsalInWords(short as Rehearsal)).toBe('WARN; migrate 0.3 s');
    const many = Array.from('abcd', (what) => ({ status: 'WARN', what }) as const);
    expect(rehearsalInWords({ ...rehearsal(), parts: [], findings: many })).toBe('PASS; WARN a; WARN b; WARN c');
    expect([worstOf([]), worstOf([{ status: 'WARN', what: '' }])]).toEqual(['PASS', 'WARN']);
  });
});
