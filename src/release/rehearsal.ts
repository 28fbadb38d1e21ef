import type { CheckResult, PlannedCheck } from './check.ts';
import type { Finding, FindingStatus, SeenStatement } from './target.ts';

/** What a rehearsal does, in this order. */
export type RehearsalName =
  | 'copy'
  | 'migrate'
  | 'verify'
  | 'migrate again'
  | 'seed'
  | 'verify seed'
  | 'previous version'
  | 'new version writes'
  | 'previous version again'
  | 'way back';

export type RehearsalPart = { name: RehearsalName; ms: number; checks: CheckResult[] };

/** What came of trying a migration on a copy of the savepoint. `verdict`: the worst of the findings. */
export type Rehearsal = {
  verdict: FindingStatus;
  findings: Finding[];
  parts: RehearsalPart[];
  /** What changed the schema, with the locks that it took. */
  statements: SeenStatement[];
};

/** A change of the database in the order of the plan, with what is asked after it. */
export type RehearsedChange = { change: 'migrate' | 'seed'; checks: PlannedCheck[] };

export function worstOf(findings: readonly Finding[]): FindingStatus {
  for (const status of ['FAIL', 'WARN'] as const)
    if (findings.some((finding) => finding.status === status)) return status;
  return 'PASS';
}

const good = (checks: readonly CheckResult[]): boolean =>
  checks.length > 0 && checks.every(({ status }) => status === 'PASS' || status === 'WARN');

/**
 * Has the previous code been seen to run on the new schema, also with what the new code wrote? Only where something was
 * asked of it each time, and something was written.
 */
export function provesBackward({ verdict, parts }: Rehearsal): boolean {
  const asked = (name: RehearsalName): boolean => good(parts.find((part) => part.name === name)?.checks ?? []);
  if (verdict === 'FAIL') return false;
  return asked('previous version') && asked('new version writes') && asked('previous version again');
}

/** One line for people: what was tried, and what is wrong. */
export function rehearsalInWords(rehearsal: Rehearsal): string {
  const { verdict, findings, parts, statements } = rehearsal;
  const ms = (name: RehearsalName): number | undefined => parts.find((part) => part.name === name)?.ms;
  const times = (['copy', 'migrate', 'way back'] as const).flatMap((name) => {
    const took = ms(name);
    return took === undefined ? [] : [`${name} ${(took / 1000).toFixed(1)} s`];
  });
  const wrong = findings.filter(({ status }) => status !== 'PASS').map(({ status, what }) => `${status} ${what}`);
  const proved = provesBackward(rehearsal) ? ['the previous version runs on it'] : [];
  const rewrote = [...new Set(statements.flatMap((statement) => statement.rewrote))];
  const anew = rewrote.length === 0 ? [] : [`writes anew ${rewrote.join(', ')}`];
  return [verdict, ...times, ...anew, ...proved, ...wrong.slice(0, 3)].join('; ');
}
