import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ruleNames } from '../../../../src/targets/postgres/rules/names.schema.ts';
import { declaredOf, judged, statusOf } from '../../../../src/targets/postgres/rules/table.ts';

const page = readFileSync(new URL('../../../../docs/rehearsal.md', import.meta.url), 'utf8');

/** The table of docs/rehearsal.md: rule → what it means under backward and both, forward, breaking. */
const written = new Map(
  page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const [, first = '', ...statuses] = line.split('|').map((cell) => cell.trim());
      const names = [...first.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name ?? '');
      return names
        .filter((name) => ruleNames.some((rule) => rule === name))
        .map((name) => [name, statuses.slice(0, 3)] as const);
    }),
);

describe('what a migration rule means', () => {
  test.each(ruleNames)('%s is what docs/rehearsal.md says', (rule) => {
    const shown = (['backward', 'forward', 'breaking'] as const).map((declared) => statusOf(rule, declared) ?? '');
    expect(shown).toEqual(written.get(rule));
    expect(statusOf(rule, 'both')).toBe(statusOf(rule, 'backward'));
  });

  test('on a small table only locks and rewrites are mild; what is replaced only warns', () => {
    const mild = ruleNames.filter((rule) => statusOf(rule, 'backward') !== statusOf(rule, 'backward', 'small'));
    expect(mild).toEqual(['table-rewrite', 'long-lock']);
    expect(statusOf('renamed-table', 'backward', 'replaced')).toBe('WARN');
  });

  test('every FAIL and WARN says how it is done safely', () => {
    for (const rule of ruleNames) {
      const [finding] = judged([{ rule, what: 'x', where: null, statement: null }], 'undeclared', []);
      expect([rule, finding?.status, (finding?.remedy ?? '').length > 20]).toEqual([rule, 'WARN', true]);
    }
  });

  test('follows what the plan declares', () => {
    const of = (backward: boolean, forward: boolean) => declaredOf({ backward, forward });
    expect([of(true, false), of(false, true), of(true, true), of(false, false), declaredOf(null)]).toEqual([
      'backward',
      'forward',
      'both',
      'breaking',
      'undeclared',
    ]);
  });
});
