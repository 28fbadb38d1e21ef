import { suggestion } from '../nearest.ts';
import type { SuitePoint, WrittenCheck } from '../schema/checks.schema.ts';
import type { WrittenRelease } from '../schema/release.schema.ts';
import { groupsOf, type NamedGroup } from '../suite.ts';
import { checksOf } from '../written.ts';
import { type CheckList, checkLists, type Rule, type Saying } from './rule.ts';

const namesOf = (checks: readonly WrittenCheck[]): string[] => checks.map(({ name }) => name);

function suiteNames(written: WrittenRelease): string[] {
  return groupsOf(written).flatMap(({ checks }) => namesOf(checksOf(checks)));
}

const knownGroups: Rule = {
  name: 'known-groups',
  severity: 'error',
  look: ({ written }) => {
    const groups = groupsOf(written);
    const known = groups.map(({ name }) => name);
    return groups.flatMap(({ name, needs }) =>
      needs.flatMap((need, index): Saying[] => {
        const path = ['checks', name, 'needs', index];
        if (need === name) return [{ path, message: `${need} cannot need itself`, remedy: 'take it out' }];
        if (known.includes(need)) return [];
        return [{ path, message: `no group is called ${need}`, remedy: suggestion(need, known) }];
      }),
    );
  },
};

const knownCheckNeeds: Rule = {
  name: 'known-check-needs',
  severity: 'error',
  look: ({ written }) =>
    checkLists(written).flatMap(({ path, checks }: CheckList) =>
      checks.flatMap(({ name, needs }, at) =>
        needs.flatMap((need, index): Saying[] => {
          const here = [...path, at, 'needs', index];
          if (need === name) return [{ path: here, message: 'it cannot need itself', remedy: 'take it out' }];
          const known = [...namesOf(checks), ...suiteNames(written)];
          if (known.includes(need)) return [];
          return [{ path: here, message: `no check here is called "${need}"`, remedy: suggestion(need, known) }];
        }),
      ),
    ),
};

/** Each check, with the names of all that come before it. */
type Needs = Map<string, readonly string[]>;

function suiteNeeds(written: WrittenRelease): Needs {
  const groups = groupsOf(written);
  const ofGroup = (needs: readonly string[]): string[] =>
    groups.filter(({ name }) => needs.includes(name)).flatMap(({ checks }) => namesOf(checksOf(checks)));
  const entries = groups.flatMap((group) =>
    checksOf(group.checks).map(({ name, needs }) => [name, [...needs, ...ofGroup(group.needs)]] as const),
  );
  return new Map(entries);
}

/** Does the way of needs from this check lead back to it? */
function isInCircle(start: string, needs: Needs): boolean {
  const seen = new Set<string>();
  const open = [...(needs.get(start) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === start) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(needs.get(next) ?? []));
  }
  return false;
}

/** Two checks that wait for each other would wait for ever. */
const needsInOrder: Rule = {
  name: 'needs-in-order',
  severity: 'error',
  look: ({ written }) => {
    const suite = suiteNeeds(written);
    return checkLists(written).flatMap(({ path, checks }) => {
      const own: Needs = new Map(checks.map(({ name, needs }) => [name, needs]));
      const needs = path[0] === 'checks' ? suite : own;
      return checks.flatMap(({ name, needs: written }, at): Saying[] => {
        if (written.includes(name) || !isInCircle(name, needs)) return [];
        const message = `"${name}" waits for itself: what it needs needs it`;
        return [{ path: [...path, at], message, remedy: 'take one of the needs out' }];
      });
    });
  },
};

type Placed = { name: string; group: NamedGroup; path: (string | number)[] };

function placedOf(group: NamedGroup): Placed[] {
  const placed = (checks: readonly unknown[], path: readonly (string | number)[]): Placed[] =>
    checksOf(checks).map(({ name }, index) => ({ name, group, path: [...path, index, 'name'] }));
  return [...placed(group.checks, group.path), ...placed(group.cleanup, ['checks', group.name, 'cleanup'])];
}

/** `needs`, `--only` and statements of people mean a check by its name alone. */
const oneNameInSuite: Rule = {
  name: 'one-name-in-suite',
  severity: 'error',
  look: ({ written }) => {
    const all = groupsOf(written).flatMap(placedOf);
    return all.flatMap(({ name, group, path }, index): Saying[] => {
      const first = all.findIndex((other) => other.name === name);
      const other = all[first];
      if (first < index && other !== undefined && other.group.name !== group.name)
        return [{ path, message: `"${name}" is a check of ${other.group.name} too`, remedy: 'choose another name' }];
      const point = group.at.find((each) => namesOf(listAt(written, each)).includes(name));
      if (point === undefined) return [];
      return [{ path, message: `"${name}" is a check of ${point} too`, remedy: 'choose another name' }];
    });
  },
};

function listAt(written: WrittenRelease, point: SuitePoint): WrittenCheck[] {
  return checksOf(point === 'watch' ? (written.watch?.checks ?? []) : written[point]);
}

const watchForGroups: Rule = {
  name: 'watch-for-groups',
  severity: 'error',
  whole: true,
  look: ({ written }) => {
    if (written.watch !== undefined) return [];
    return groupsOf(written).flatMap(({ name, at }): Saying[] => {
      const index = at.indexOf('watch');
      if (index < 0) return [];
      return [
        {
          path: ['checks', name, 'at', index],
          message: 'the plan has no watch',
          remedy: 'add watch: { schedule: ... }',
        },
      ];
    });
  },
};

export const suiteRules: readonly Rule[] = [knownGroups, knownCheckNeeds, needsInOrder, oneNameInSuite, watchForGroups];
