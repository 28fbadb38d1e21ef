import type { PlannedCheck } from '../release/check.ts';
import type { Mark } from '../release/loss.ts';
import type { Path } from './problem.ts';
import type { SuitePoint, WrittenCheck, WrittenGroup } from './schema/checks.schema.ts';
import type { WrittenRelease } from './schema/release.schema.ts';
import { checksOf, plannedCheck, preflightCheck } from './written.ts';

/** A group of the suite with where its checks stand in the file. */
export type NamedGroup = WrittenGroup & { name: string; path: Path };

/** A list is a group that says nothing more. */
export function groupsOf({ checks }: Pick<WrittenRelease, 'checks'>): NamedGroup[] {
  return Object.entries(checks).map(([name, written]) => {
    if (!Array.isArray(written)) return { ...written, name, path: ['checks', name, 'checks'] };
    const nothing = { needs: [], parallel: false, at: [], marks: [], cleanup: [] };
    return { ...nothing, checks: written, name, path: ['checks', name] };
  });
}

/** Every check of every group, in the order of the plan; `needs` of a group are those of each of its checks. */
export function plannedSuite(written: WrittenRelease): PlannedCheck[] {
  return withPresentNeeds(groupsOf(written).flatMap((group) => plannedGroup(group, written, plannedCheck)));
}

/** What is asked at one point of a release: the list that stands there, then the groups that name it. */
export function checksAt(written: WrittenRelease, point: SuitePoint, list: readonly unknown[]): PlannedCheck[] {
  const plan = point === 'preflight' ? preflightCheck : plannedCheck;
  const groups = groupsAt(written, point).flatMap((group) => plannedGroup(group, written, plan));
  return withPresentNeeds([...checksOf(list).map(plan), ...groups]);
}

export function groupsAt(written: WrittenRelease, point: SuitePoint): NamedGroup[] {
  return groupsOf(written).filter(({ at }) => at.includes(point));
}

/** What may be asked at any time, with what cleans up after it. */
export function repeatableAt(written: WrittenRelease, point: SuitePoint, list: readonly unknown[]): PlannedCheck[] {
  const only = (checks: readonly unknown[]): WrittenCheck[] => checksOf(checks).filter(({ repeatable }) => repeatable);
  const groups = groupsAt(written, point)
    .map((group) => ({ ...group, checks: only(group.checks) }))
    .filter(({ checks }) => checks.length > 0);
  const planned = groups.flatMap((group) => plannedGroup(group, written, plannedCheck));
  return withPresentNeeds([...only(list).map(plannedCheck), ...planned]);
}

/** Rows that checks of the suite write, together with those that the way back names. */
export function marksOf(written: WrittenRelease): Mark[] {
  const all = [...written.rollback.marks, ...groupsOf(written).flatMap(({ marks }) => marks)];
  const same = (one: Mark, other: Mark): boolean => JSON.stringify(one) === JSON.stringify(other);
  return all.filter((mark, index) => all.findIndex((other) => same(mark, other)) === index);
}

function plannedGroup(
  { name, checks, needs, parallel, cleanup, attest }: Omit<NamedGroup, 'checks'> & { checks: readonly unknown[] },
  written: WrittenRelease,
  plan: (check: WrittenCheck) => PlannedCheck,
): PlannedCheck[] {
  const all = groupsOf(written);
  const before = all.filter((group) => needs.includes(group.name)).flatMap((group) => checksOf(group.checks));
  const attestBy = attest ?? written.gates['go-no-go']?.deciders ?? [];
  const asked = checksOf(checks).map((check): PlannedCheck => {
    const planned = plan(check);
    const together = [...new Set([...(planned.needs ?? []), ...before.map((each) => each.name)])];
    return {
      ...planned,
      group: name,
      ...(together.length > 0 ? { needs: together } : {}),
      ...(parallel ? { parallel } : {}),
      ...(attestBy.length > 0 ? { attestBy } : {}),
    };
  });
  const cleaning = checksOf(cleanup).map((check) => ({ ...plannedCheck(check), group: name, cleansUp: true }));
  return [...asked, ...cleaning];
}

/** What is not asked at this point holds up nobody. */
function withPresentNeeds(checks: PlannedCheck[]): PlannedCheck[] {
  const present = new Set(checks.map(({ name }) => name));
  return checks.map(({ needs, ...check }) => {
    const left = (needs ?? []).filter((need) => present.has(need));
    return left.length > 0 ? { ...check, needs: left } : check;
  });
}
