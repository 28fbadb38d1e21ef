import { provesBackward } from '../release/rehearsal.ts';
import type { ReleaseStatus } from '../release/status.ts';
import type { SeenStatement } from '../release/target.ts';
import { duration } from '../release/wording.ts';

type Section = { heading: string; head: string[]; rows: string[][] };

/** What rehearsals found, how long each part took, and which lock each statement took. */
export function rehearsed({ steps }: ReleaseStatus): Section[] {
  const all = steps.flatMap(({ id, rehearsal }) => (rehearsal === undefined ? [] : [{ id, rehearsal }]));
  const findings = all.flatMap(({ id, rehearsal }) => [
    ...rehearsal.findings.map(({ status, what, remedy }) => [id, status, what, remedy ?? '-']),
    ...(provesBackward(rehearsal) ? [[id, 'PASS', 'the previous version runs on the new schema', '-']] : []),
  ]);
  const parts = all.flatMap(({ id, rehearsal }) =>
    rehearsal.parts.map(({ name, ms, checks }) => [
      id,
      name,
      duration(ms),
      checks.map((check) => `${check.status} ${check.name}: ${check.summary}`).join('; ') || '-',
    ]),
  );
  const statements = all.flatMap(({ rehearsal }) => rehearsal.statements.map(statementRow));
  return [
    { heading: 'Rehearsal', head: ['step', 'finding', 'what', 'remedy'], rows: findings },
    { heading: 'Parts of the rehearsal', head: ['step', 'part', 'took', 'checks'], rows: parts },
    { heading: 'Locks', head: ['statement', 'took', 'locks', 'wrote anew'], rows: statements },
  ];
}

function statementRow({ text, ms, locks, rewrote }: SeenStatement): string[] {
  const taken = locks.map(({ table, mode }) => `${mode} on ${table}`).join(', ');
  return [text, ms === null ? '-' : duration(ms), taken || '-', rewrote.join(', ') || '-'];
}
