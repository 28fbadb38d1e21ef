import type { Objection, Path } from '../problem.ts';
import type { WrittenCheck } from '../schema/checks.schema.ts';
import type { WrittenRelease } from '../schema/release.schema.ts';
import { groupsOf } from '../suite.ts';
import { checksOf, logChecks, targetsOf } from '../written.ts';

/** What a rule looks at. `requester`: who starts the release, null where that is not known. */
export type Ruled = { written: WrittenRelease; requester: string | null };

/** What a rule says; its name and severity are added by whoever runs it. */
export type Saying = { path: Path; at?: 'key' | 'value'; message: string; remedy?: string | null };

/**
 * One named rule: pure, and never about the shape of the file, which the schema holds. `whole`: it looks for what is
 * missing, so it only runs on a plan of which nothing had to be taken out.
 */
export type Rule = {
  name: string;
  severity: Objection['severity'];
  whole?: true;
  look: (ruled: Ruled) => Saying[];
};

export function sayings(rule: Rule, ruled: Ruled): Objection[] {
  return rule.look(ruled).map(({ path, at, message, remedy }) => ({
    rule: rule.name,
    severity: rule.severity,
    path,
    at: at ?? 'value',
    message,
    remedy: remedy ?? null,
  }));
}

export type CheckList = { path: Path; checks: WrittenCheck[] };

/** Every list of checks in the plan, with where it stands. */
export function checkLists(written: WrittenRelease): CheckList[] {
  const lists: CheckList[] = [
    { path: ['preflight'], checks: checksOf(written.preflight) },
    { path: ['smoke'], checks: checksOf(written.smoke) },
    { path: ['monitoring'], checks: checksOf(written.monitoring) },
    { path: ['watch', 'checks'], checks: checksOf(written.watch?.checks ?? []) },
    { path: ['watch', 'throughout', 'checks'], checks: checksOf(written.watch?.throughout?.checks ?? []) },
  ];
  for (const { name, path, checks, cleanup } of groupsOf(written)) {
    lists.push({ path, checks: checksOf(checks) });
    if (cleanup.length > 0) lists.push({ path: ['checks', name, 'cleanup'], checks: checksOf(cleanup) });
  }
  for (const { name, target } of targetsOf(written)) {
    lists.push({ path: ['targets', name, 'verify'], checks: checksOf(target.verify) });
    lists.push({ path: ['targets', name, 'verifySeed'], checks: checksOf(target.verifySeed) });
    lists.push({ path: ['targets', name, 'logs'], checks: logChecks(target) });
    const { rehearse } = target;
    if (typeof rehearse !== 'object') continue;
    lists.push({ path: ['targets', name, 'rehearse', 'checks'], checks: checksOf(rehearse.checks) });
    lists.push({ path: ['targets', name, 'rehearse', 'writes'], checks: checksOf(rehearse.writes) });
  }
  return lists;
}
