import type { ChoiceId } from '../release/policy.ts';
import type { Choice } from '../release/status.ts';
import { choice } from './questions.ts';

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
