import type { Finding } from '../../../release/target.ts';
import type { AcceptedRule, RuleName } from './names.schema.ts';

/** What the plan says of the migration; `undeclared`: it says nothing. */
export type Declared = 'backward' | 'forward' | 'both' | 'breaking' | 'undeclared';

type Status = 'FAIL' | 'WARN' | null;

/**
 * What each rule means under each declaration; null: nothing is said. `small`: of a table that is read through in a
 * moment. `remedy`: how the same is done safely.
 *
 * - `backward` and `both`: the previous code runs on the new schema, so nothing that it uses may go or get stricter.
 * - `forward`: the new code already runs; names may not change under it. `breaking`: nobody runs meanwhile.
 */
const table: Record<RuleName, Record<Declared, Status> & { small?: 'WARN'; remedy: string }> = {
  'dropped-column': {
    ...{ backward: 'FAIL', forward: 'WARN', both: 'FAIL', breaking: 'WARN', undeclared: 'WARN' },
    remedy: 'first release code that no longer uses it, and drop it in a later release, declared `forward`',
  },
  'dropped-table': {
    ...{ backward: 'FAIL', forward: 'WARN', both: 'FAIL', breaking: 'WARN', undeclared: 'WARN' },
    remedy: 'first release code that no longer uses it, and drop it in a later release, declared `forward`',
  },
  'renamed-column': {
    ...{ backward: 'FAIL', forward: 'FAIL', both: 'FAIL', breaking: 'WARN', undeclared: 'WARN' },
    remedy:
      'add the new column, keep both in step (a trigger), move the code, then drop the old one; or declare `breaking`',
  },
  'renamed-table': {
    ...{ backward: 'FAIL', forward: 'FAIL', both: 'FAIL', breaking: 'WARN', undeclared: 'WARN' },
    remedy: 'leave a view of the old name until no code uses it; or declare `breaking`',
  },
  'changed-key-type': {
    ...{ backward: 'FAIL', forward: 'WARN', both: 'FAIL', breaking: 'WARN', undeclared: 'WARN' },
    remedy:
      'add a column of the new type, fill it, let a trigger keep it in step, and exchange the keys in a later release',
  },
  'table-rewrite': {
    ...{ backward: 'FAIL', forward: 'FAIL', both: 'FAIL', breaking: 'WARN', undeclared: 'WARN' },
    small: 'WARN',
    remedy:
      'add a new column without a volatile default, fill it in batches, then let the code use it; or declare `breaking`',
  },
  'long-lock': {
    ...{ backward: 'FAIL', forward: 'FAIL', both: 'FAIL', breaking: 'WARN', undeclared: 'WARN' },
    small: 'WARN',
    remedy:
      'use CONCURRENTLY (in a file that begins with `-- savepoint: no-transaction`), or NOT VALID and VALIDATE later',
  },
  'not-null-without-default': {
    ...{ backward: 'FAIL', forward: 'WARN', both: 'FAIL', breaking: 'WARN', undeclared: 'WARN' },
    remedy: 'give it a default, or let it be null until all code writes it, and set NOT NULL in a later release',
  },
  'narrowed-check': {
    ...{ backward: 'FAIL', forward: null, both: 'FAIL', breaking: null, undeclared: 'WARN' },
    remedy: 'first release code that writes only what the new rule allows, and add the rule in a later release',
  },
  'new-enum-value': {
    ...{ backward: 'WARN', forward: null, both: 'WARN', breaking: null, undeclared: 'WARN' },
    remedy: 'first release code that can read the new value, and write it only from the next release on',
  },
  'server-wide': {
    ...{ backward: 'WARN', forward: 'WARN', both: 'WARN', breaking: 'WARN', undeclared: 'WARN' },
    remedy: 'make it before the release, by hand or with the tool that keeps the server; no savepoint brings it back',
  },
};

/**
 * One place where a migration breaks a rule. `where`: `file:line:column`, null where only the outcome was seen.
 * `mild`: the table is small, or something takes the place of what went.
 */
export type Hit = {
  rule: RuleName;
  what: string;
  where: string | null;
  statement: string | null;
  mild?: 'small' | 'replaced' | undefined;
};

export function declaredOf(compatibility: { backward: boolean; forward: boolean } | null | undefined): Declared {
  if (compatibility == null) return 'undeclared';
  const { backward, forward } = compatibility;
  if (backward) return forward ? 'both' : 'backward';
  return forward ? 'forward' : 'breaking';
}

/** What a broken rule means. Pure; docs/rehearsal.md shows the table. */
export function statusOf(rule: RuleName, declared: Declared, mild?: Hit['mild']): Status {
  const { small, [declared]: status } = table[rule];
  if (status !== 'FAIL' || mild === undefined) return status;
  return mild === 'replaced' ? 'WARN' : (small ?? status);
}

/** Hits as findings. A rule that the plan accepts only warns, and says why it is accepted. */
export function judged(hits: readonly Hit[], declared: Declared, accepted: readonly AcceptedRule[]): Finding[] {
  return hits.flatMap((hit): Finding[] => {
    const status = statusOf(hit.rule, declared, hit.mild);
    if (status === null) return [];
    const said = [`${hit.rule}: `, hit.where === null ? '' : `${hit.where}: `, hit.what].join('');
    const what = hit.statement === null ? said : `${said}: ${excerpt(hit.statement)}`;
    const because = accepted.find(({ rule }) => rule === hit.rule)?.because;
    if (because !== undefined) return [{ status: 'WARN', what: `${what} (accepted: ${because})` }];
    return [{ status, what, remedy: table[hit.rule].remedy }];
  });
}

/** On one line, short enough for a table. */
export function excerpt(statement: string, limit = 160): string {
  const line = statement.replaceAll(/\s+/g, ' ').trim();
  return line.length <= limit ? line : `${line.slice(0, limit)}…`;
}
