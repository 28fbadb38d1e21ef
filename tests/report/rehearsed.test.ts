import { expect, it } from 'vitest';
import type { Rehearsal } from '../../src/release/rehearsal.ts';
import { htmlReport } from '../../src/report/html.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { going, step } from './releases.ts';

const rehearsal: Rehearsal = {
  verdict: 'WARN',
  findings: [{ status: 'WARN', what: 'table-rewrite: public.items', remedy: 'fill it in batches' }],
  parts: [{ name: 'migrate', ms: 2_400, checks: [] }],
  statements: [
    {
      text: 'alter table items alter column id type bigint',
      tag: 'ALTER TABLE',
      by: 'savepoint',
      ms: 1_900,
      locks: [{ table: 'public.items', mode: 'AccessExclusiveLock' }],
      rewrote: ['public.items'],
    },
  ],
};

it('a report shows what a rehearsal found, how long it took and which locks were taken', () => {
  const status = going({ steps: [step('rehearse database', { rehearsal })] });
  const markdown = markdownReport(status);
  expect(markdown).toContain('| rehearse database | WARN | table-rewrite: public.items | fill it in batches |');
  expect(markdown).toContain('| rehearse database | migrate | 2.4 s | - |');
  expect(markdown).toContain(
    '| alter table items alter column id type bigint | 1.9 s | AccessExclusiveLock on public.items | public.items |',
  );
  expect(htmlReport(status)).toContain('AccessExclusiveLock on public.items');
  expect(markdownReport(going())).not.toContain('Rehearsal');
});
