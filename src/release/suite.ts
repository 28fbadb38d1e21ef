import type { CheckResult, CheckStatus } from './check.ts';

/** What a suite says about going live. `blocked`: something is bad. `open`: a person has to look at what could not be asked. */
export type Standing = 'ready' | 'open' | 'blocked';

/** What needs this check is not asked: it failed, or nobody knows. */
export function isMissed({ status, attested }: CheckResult): boolean {
  return status === 'FAIL' || (status === 'PENDING' && attested === undefined);
}

/** PENDING, required, and nobody has attested it. */
export function isOpen(result: CheckResult): boolean {
  return result.status === 'PENDING' && result.critical && isMissed(result);
}

/** One FAIL blocks. A required check that could not be asked blocks as well, until a named person attests it. */
export function standingOf(results: readonly CheckResult[]): Standing {
  if (results.some(({ status }) => status === 'FAIL')) return 'blocked';
  return results.some(isOpen) ? 'open' : 'ready';
}

export const statuses: readonly CheckStatus[] = ['PASS', 'WARN', 'FAIL', 'PENDING'];

/** How many of each; those that were never counted are left out by the caller. */
export function countsOf(results: readonly CheckResult[]): Record<CheckStatus, number> {
  const counts = { PASS: 0, WARN: 0, FAIL: 0, PENDING: 0 };
  for (const { status } of results) counts[status] += 1;
  return counts;
}

/** Results by group in order of appearance; null for those of no group. */
export function byGroup(results: readonly CheckResult[]): { group: string | null; results: CheckResult[] }[] {
  const groups: { group: string | null; results: CheckResult[] }[] = [];
  for (const result of results) {
    const name = result.group ?? null;
    const known = groups.find(({ group }) => group === name);
    if (known === undefined) groups.push({ group: name, results: [result] });
    else known.results.push(result);
  }
  return groups;
}
