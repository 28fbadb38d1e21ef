import type { PlannedCheck } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import type { PlannedRequest, StepActivity } from '../release/plan.ts';
import type { WrittenTarget } from './schema/targets.schema.ts';

const minute = 60 * 1000;

/** How long a step about a target may take with every retry, in milliseconds, where the plan does not say. */
const defaults: Partial<Record<StepActivity, number>> = {
  prepare: 30 * minute,
  survey: 2 * minute,
  hold: 2 * minute,
  snapshot: 60 * minute,
  rehearse: 60 * minute,
  migrate: 60 * minute,
  seed: 30 * minute,
  resume: 2 * minute,
  deploy: 15 * minute,
  logs: 5 * minute,
  invalidate: 15 * minute,
};

/** Fields of a target whose `timeout` the step must outlast. Tasks of a service that is held may take as long to end as its deployment. */
const outlasts: Partial<Record<StepActivity, readonly string[]>> = {
  prepare: ['build', 'image.build'],
  rehearse: ['migrate'],
  migrate: ['migrate'],
  seed: ['seed'],
  hold: ['deploy'],
  resume: ['deploy'],
  deploy: ['deploy', 'health'],
  invalidate: ['invalidate'],
};

/** What `patience` says; else the default, or a minute more than the timeout that the target has for it. */
export function targetPatience(target: WrittenTarget, activity: StepActivity): number {
  const said: unknown = Reflect.get(target.patience, activity);
  if (typeof said === 'number') return said;
  const own = (outlasts[activity] ?? []).map((field) => timeoutOf(at(target, field)));
  const general = activity === 'survey' || activity === 'hold' || activity === 'resume' ? 0 : timeoutOf(target);
  const longest = Math.max(general, ...own);
  return Math.max(defaults[activity] ?? 15 * minute, longest === 0 ? 0 : longest + minute);
}

function at(target: object, field: string): unknown {
  return field.split('.').reduce<unknown>((value, name) => Reflect.get(Object(value), name), target);
}

function timeoutOf(value: unknown): number {
  const timeout: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'timeout') : 0;
  return typeof timeout === 'number' ? timeout : 0;
}

/** Enough for every check to use its whole time, one after the other, and a minute on top. */
export function checksPatience(checks: readonly PlannedCheck[]): number {
  return checks.reduce((sum, check) => sum + check.withinMs + specTimeout(check.spec), minute);
}

/** Enough for every sample to be sent when it should and to answer late. */
export function requestsPatience(requests: readonly PlannedRequest[]): number {
  return requests.reduce(
    (sum, { samples, everyMs, spec }) => sum + samples * everyMs + 2 * specTimeout(spec),
    5 * minute,
  );
}

function specTimeout(spec: Json): number {
  return timeoutOf(spec) || minute;
}
