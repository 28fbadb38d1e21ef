import type { Bound } from '../release/loss.ts';
import { countedRows } from '../release/loss.ts';
import type { ChoiceId } from '../release/policy.ts';
import type { Choice, Question } from '../release/status.ts';
import { type Answered, choice } from './questions.ts';
import type { Terms } from './returning.ts';

export const labels: Record<ChoiceId, Choice> = {
  'restore-code': choice('restore-code', 'Bring the previous code back; the database stays as it is'),
  'carry-over-and-restore': choice(
    'carry-over-and-restore',
    'Bring everything back, with the rows that users wrote since the savepoint',
    true,
  ),
  'export-and-restore': choice(
    'export-and-restore',
    'Bring everything back; rows written since the savepoint are undone and kept as files',
    true,
  ),
  'restore-database': choice(
    'restore-database',
    'Bring the database back; rows written since its savepoint are undone',
    true,
  ),
  'restore-full': choice(
    'restore-full',
    'Bring code and database back; rows written since its savepoint are undone',
    true,
  ),
  retry: choice('retry', 'Try this step again'),
  stay: choice('stay', 'Leave everything as it is now', true),
};

/**
 * What an answer allows. Who names no number allows what the question showed; rows that do not fit the old schema are
 * only known once the others are carried over, so none are allowed unless somebody says so.
 */
export function termsOf(answered: Answered, losses: Question['losses']): Terms {
  const save = { 'carry-over-and-restore': 'copy', 'export-and-restore': 'files' } as const;
  const saving = answered.choice in save ? save[answered.choice as keyof typeof save] : null;
  return { bound: answered.upTo ?? (saving === 'copy' ? 0 : shown(losses)), save: saving, seen: losses !== undefined };
}

function shown(losses: Question['losses']): Bound {
  const bound: Record<string, number> = {};
  for (const { table, rows } of (losses ?? []).flatMap(({ loss }) => countedRows(loss))) {
    bound[table] = (bound[table] ?? 0) + rows;
  }
  return bound;
}
