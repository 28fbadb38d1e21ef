import type { PlannedCheck } from '../release/check.ts';
import type { Phase, PlannedStep, StepActivity } from '../release/plan.ts';
import { withFailureRules } from './failing.ts';
import { changesOf, traitsOf } from './kinds.ts';
import { plannedMeasurements, plannedRequest } from './measured.ts';
import { checksPatience, requestsPatience, targetPatience } from './patience.ts';
import { plannedRehearsal } from './rehearsing.ts';
import type { WrittenRequest } from './schema/evidence.schema.ts';
import type { WrittenRelease } from './schema/release.schema.ts';
import { checksAt } from './suite.ts';
import {
  checksOf,
  isBreaking,
  logChecks,
  type NamedTarget as Named,
  plannedCheck,
  targetsOf,
  watchedAtPreflight,
} from './written.ts';

/** The whole runbook in the order in which it is carried out. */
export function stepsOf(written: WrittenRelease): PlannedStep[] {
  const targets = targetsOf(written);
  const touched = targets.filter((named) => !isOnlyEmptied(named));
  const steps = [
    ...targets
      .filter(({ target }) => traitsOf(target.kind).prepares)
      .map((named) => onTarget(named, 'prepare', 'prepare')),
    ...looking(written, 'preflight'),
    ...looking(written, 'baseline'),
    ...touched.flatMap((named, index) => changing(named, index + 1, targets)),
    ...evidence(written, touched.length),
  ];
  return steps.map((step) => withFailureRules(step, written));
}

/** A cache that a release does not change has no steps of its own and is no rollback point: it only goes with a full rollback. */
function isOnlyEmptied({ target }: Named): boolean {
  return traitsOf(target.kind).cache === true && changesOf(target).length === 0;
}

/** Survey and preflight run when people are about to decide, and again when the window is open. */
function looking(written: WrittenRelease, phase: 'preflight' | 'baseline'): PlannedStep[] {
  const again = phase === 'baseline' ? ' again' : '';
  const surveys = targetsOf(written).map((named) => ({
    ...onTarget(named, 'survey', phase),
    id: `survey ${named.name}${again}`,
  }));
  const asked = checksAt(written, 'preflight', written.preflight);
  const checks = [...asked, ...watchedAtPreflight(written, asked)];
  if (checks.length === 0) return surveys;
  return [...surveys, { ...onChecks('preflight', phase, checks), id: `preflight${again}` }];
}

/** `point` counts the targets touched so far: taking a savepoint touches nothing, the first change does. */
function changing(named: Named, point: number, targets: readonly Named[]): PlannedStep[] {
  const { name, target } = named;
  const changes = changesOf(target);
  const change = (activity: StepActivity): PlannedStep[] =>
    changes.includes(activity) ? [{ ...onTarget(named, activity, 'change'), change: activity, point }] : [];
  const verify = verifying(named, { id: `verify ${name}`, checks: target.verify, point });
  const verifySeed = verifying(named, { id: `verify seed of ${name}`, checks: target.verifySeed, point });
  const verifiedAsCode = changes.includes('deploy');
  return [
    ...holding(named, point - 1, targets),
    { ...onTarget(named, 'snapshot', 'change'), point: point - 1 },
    ...rehearsing(named, point - 1),
    ...change('migrate'),
    ...(verifiedAsCode ? [] : verify),
    ...change('seed'),
    ...(changes.includes('seed') ? verifySeed : []),
    ...resuming(named, point, targets),
    ...change('deploy'),
    ...(verifiedAsCode ? readingLogs(named, point) : []),
    ...(verifiedAsCode ? verify : []),
    ...change('invalidate'),
  ];
}

/** Nothing that users see is changed by it, so it is a part of the point before. */
function rehearsing(named: Named, point: number): PlannedStep[] {
  const rehearsal = plannedRehearsal(named.target.rehearse);
  return rehearsal === null ? [] : [{ ...onTarget(named, 'rehearse', 'change'), point, rehearsal }];
}

type Verifying = { id: string; checks: readonly unknown[]; point: number };

function verifying(named: Named, { id, checks, point }: Verifying): PlannedStep[] {
  if (checks.length === 0) return [];
  const planned = checksOf(checks).map(plannedCheck);
  return [{ ...onChecks('verify', 'change', planned), id, target: named.name, point }];
}

/** What a service said while it started; a failure goes back as one of its deployment does. */
function readingLogs({ name, target }: Named, point: number): PlannedStep[] {
  const checks = logChecks(target).map(plannedCheck);
  return checks.length === 0
    ? []
    : [{ ...onChecks('logs', 'change', checks), id: `logs ${name}`, target: name, point }];
}

/** With a breaking migration the writers are held first, then the database, and only then is the savepoint taken. */
function holding(named: Named, point: number, targets: readonly Named[]): PlannedStep[] {
  return held(named, targets)
    .filter((each) => !(heldBefore(each, named, targets) && deployedAfter(each, named, targets)))
    .map((each) => forDatabase(onTarget(each, 'hold', 'change'), named, { point, targets }));
}

/**
 * The database lets writers in before the code that writes is deployed. A held service is replaced by its own
 * deployment; one that no later step deploys is started again here.
 */
function resuming(named: Named, point: number, targets: readonly Named[]): PlannedStep[] {
  return held(named, targets)
    .toReversed()
    .filter((each) => each.name === named.name || !deployedAfter(each, named, targets))
    .map((each) => forDatabase(onTarget(each, 'resume', 'change'), named, { point, targets }));
}

function held(named: Named, targets: readonly Named[]): Named[] {
  if (!isBreaking(named.target)) return [];
  const writers = targets.filter(({ name }) => named.target.writers.includes(name));
  return [...writers, named].filter(({ target }) => traitsOf(target.kind).holds);
}

function deployedAfter(each: Named, named: Named, targets: readonly Named[]): boolean {
  const later = targets.slice(targets.indexOf(named) + 1);
  return later.includes(each) && changesOf(each.target).includes('deploy');
}

/** Did an earlier database hold the same writer? */
function heldBefore(each: Named, named: Named, targets: readonly Named[]): boolean {
  return targets.slice(0, targets.indexOf(named)).some((earlier) => held(earlier, targets).includes(each));
}

/** A writer of two databases is held twice; ids stay unique. */
function forDatabase(step: PlannedStep, named: Named, at: { point: number; targets: readonly Named[] }): PlannedStep {
  const writer = at.targets.find(({ name }) => name === step.target);
  const twice = writer !== undefined && writer !== named && heldBefore(writer, named, at.targets);
  return { ...step, id: twice ? `${step.id} for ${named.name}` : step.id, point: at.point };
}

function evidence(written: WrittenRelease, point: number): PlannedStep[] {
  const steps: PlannedStep[] = [];
  const add = (activity: 'smoke' | 'monitoring', checks: readonly unknown[]): void => {
    const planned = checksAt(written, activity, checks);
    if (planned.length > 0) steps.push({ ...onChecks(activity, 'evidence', planned), point });
  };
  add('smoke', written.smoke);
  steps.push(...measuring(written, point));
  add('monitoring', written.monitoring);
  return steps;
}

function measuring({ performance }: WrittenRelease, point: number): PlannedStep[] {
  if (performance === undefined) return [];
  const requests = ((performance.requests ?? []) as WrittenRequest[]).map(plannedRequest);
  const measurements = plannedMeasurements(performance);
  const patienceMs = requestsPatience(requests) + measurements.reduce((sum, { longestMs }) => sum + longestMs, 0);
  const further = measurements.length > 0 ? { measurements } : {};
  return [{ ...onChecks('performance', 'evidence', []), requests, point, patienceMs, ...further }];
}

function onTarget({ name, target }: Named, activity: StepActivity, phase: Phase): PlannedStep {
  const patienceMs = targetPatience(target, activity);
  return {
    id: `${activity} ${name}`,
    activity,
    phase,
    target: name,
    change: null,
    checks: [],
    requests: [],
    point: 0,
    patienceMs,
  };
}

function onChecks(activity: StepActivity, phase: Phase, checks: PlannedCheck[]): PlannedStep {
  const patienceMs = checksPatience(checks);
  return { id: activity, activity, phase, target: null, change: null, checks, requests: [], point: 0, patienceMs };
}
