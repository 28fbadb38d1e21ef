import { askPlanned } from '../checks/ask.ts';
import { systemClock } from '../checks/clock.ts';
import { usesRun } from '../checks/run-value.ts';
import { askAll } from '../checks/suite.ts';
import type { LoadedPlan } from '../plan/load.ts';
import { nearest } from '../plan/nearest.ts';
import type { CheckResult, PlannedCheck } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import { referencesIn, referencesOf } from '../release/references.ts';
import { knownForms, knownSecrets } from '../secrets/known.ts';
import { redactor } from '../secrets/redact.ts';
import { resolveReferences } from '../secrets/resolve.ts';
import { UsageError } from './failing.ts';
import type { Io } from './io.ts';
import { anyVersion } from './planning.ts';

/** What was typed. `only`: names of checks. */
export type Chosen = { groups: readonly string[]; only: readonly string[]; cleanup: boolean };

type Suite = Pick<LoadedPlan, 'plan' | 'suite'>;

/** Points of a release that may be named like a group: what is asked there. */
const points = ['preflight', 'smoke', 'monitoring'];

/**
 * The checks that are asked for what was typed: with what they need, and with what cleans up after them.
 *
 * @throws UsageError for a group or a check that is not there
 */
export function chosenChecks(suite: Suite, { groups, only, cleanup }: Chosen): PlannedCheck[] {
  const all = allChecks(suite);
  const names = groups.length > 0 ? groups : wholeOf(suite);
  const inGroups = names.flatMap((group) => checksOf(group, all, suite));
  for (const name of only) mustBeThere(name, inGroups);
  const wanted = only.length === 0 ? withNeeds(inGroups, all) : alone(only, inGroups, all);
  const begun = new Set(wanted.map(({ group }) => group));
  const cleaning = all.filter((check) => check.cleansUp === true && begun.has(check.group));
  if (cleanup) return mustBeSome(cleaning.map(({ cleansUp, ...check }) => check));
  return mustBeSome(all.filter((check) => wanted.includes(check) || cleaning.includes(check)));
}

/** Nothing asked is nothing known, and must not look like a good answer. */
function mustBeSome(checks: PlannedCheck[]): PlannedCheck[] {
  if (checks.length > 0) return checks;
  throw new UsageError('the plan has no checks to ask', 'Write groups of them under `checks:`; see docs/checks.md.');
}

/** Without a suite, what a release asks at its points. */
function wholeOf({ plan, suite }: Suite): string[] {
  if (suite.length > 0) return [...new Set(suite.flatMap(({ group }) => group ?? []))];
  return points.filter((point) => plan.steps.some(({ activity }) => activity === point));
}

/** By name once: a check of the suite may be asked at several points. */
function allChecks({ plan, suite }: Suite): PlannedCheck[] {
  const listed = plan.steps.flatMap(({ activity, checks }) =>
    points.includes(activity) ? checks.map((check) => ({ ...check, group: check.group ?? activity })) : [],
  );
  // The suite stands first, in the order in which people wrote it, and its own words win.
  const once = new Map([...suite, ...listed, ...suite].map((check) => [`${check.group} ${check.name}`, check]));
  return [...once.values()];
}

/** A group of the suite, or all that is asked at a point of a release. */
function checksOf(group: string, all: readonly PlannedCheck[], { plan }: Suite): PlannedCheck[] {
  const own = all.filter((check) => check.group === group);
  const step = plan.steps.find(({ activity }) => points.includes(group) && activity === group);
  const atPoint = all.filter((check) =>
    step?.checks.some(({ name, group: of }) => name === check.name && (of ?? group) === check.group),
  );
  const found = [...new Set([...own, ...atPoint])];
  if (found.length > 0) return found;
  const groups = [...new Set(all.flatMap((check) => check.group ?? []))];
  const remedy = `${meant(group, groups)}Groups of this plan: ${groups.join(', ') || 'none'}.`;
  throw new UsageError(`there is no group "${group}"`, remedy);
}

function mustBeThere(name: string, checks: readonly PlannedCheck[]): void {
  if (checks.some((check) => check.name === name)) return;
  const names = checks.map((check) => check.name);
  const remedy = `${meant(name, names)}Checks: ${names.map((each) => `"${each}"`).join(', ')}.`;
  throw new UsageError(`there is no check "${name}"`, remedy);
}

function meant(written: string, known: readonly string[]): string {
  const near = nearest(written, known);
  return near === null ? '' : `Did you mean "${near}"? `;
}

/** Without what they need, unless they look at what that wrote in this very run. */
function alone(only: readonly string[], inGroups: readonly PlannedCheck[], all: readonly PlannedCheck[]) {
  const named = inGroups.filter(({ name }) => only.includes(name));
  const looking = named.filter(({ spec }) => usesRun(spec));
  return [...new Set([...named, ...withNeeds(looking, all).filter(({ spec }) => usesRun(spec))])];
}

function withNeeds(wanted: readonly PlannedCheck[], all: readonly PlannedCheck[]): PlannedCheck[] {
  const found = new Set(wanted);
  for (const check of found) {
    for (const other of all) if (check.needs?.includes(other.name)) found.add(other);
  }
  return [...found];
}

/** Asks from here, as a worker would. `ended` gets each result as it comes, also of what is cleaned up after an abort. */
export async function askFromHere(
  io: Io,
  { plan, suite }: Suite,
  how: { checks: PlannedCheck[]; signal: AbortSignal; ended: (result: CheckResult) => void },
): Promise<CheckResult[]> {
  const { home, version, records } = plan;
  const surroundings = { env: io.env, home };
  const names = [...new Set([...referencesOf(plan), ...suite.flatMap(({ spec }) => referencesIn(spec))])];
  const known = await knownSecrets(names, surroundings);
  const log = { info: () => undefined, warn: (message: string) => io.say(redactor(known.all)(message)) };
  return await askAll(how.checks, {
    signal: how.signal,
    ended: how.ended,
    began: ({ name }) => io.interactive && io.say(`  … ${name}`),
    ask: async (planned, signal) => {
      let redact = redactor(known.all);
      const resolve = async (spec: Json): Promise<Json> => {
        const { value, secrets } = await resolveReferences(spec, surroundings);
        redact = redactor([...known.all, ...secrets]);
        return value;
      };
      const secrets = () => knownForms(names, surroundings);
      const around = { home, version, signal, log, secrets, resolve, redact: <T>(value: T) => redact(value) };
      // People state something about a version, so without one there is nothing to look for.
      if (version !== anyVersion) return await askPlanned(planned, { ...around, records }, systemClock);
      return withoutVersion(await askPlanned(planned, around, systemClock), planned);
    },
  });
}

function withoutVersion(result: CheckResult, { attestBy = [] }: PlannedCheck): CheckResult {
  if (result.status !== 'PENDING' || attestBy.length === 0) return result;
  const how = `or ask again with --version, so that ${attestBy.join(' or ')} can attest it`;
  return { ...result, remedy: `${result.remedy ?? 'see why'}; ${how}` };
}
