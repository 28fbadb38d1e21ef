import type { Json } from '../release/json.ts';
import type { Measure, PlannedCriterion, PlannedRequest, PlannedWatch } from '../release/plan.ts';
import { ownFields, pick } from './kinds.ts';
import type { WrittenCheck } from './schema/checks.schema.ts';
import type { WrittenCriteria, WrittenProbe, WrittenRequest } from './schema/evidence.schema.ts';
import type { WrittenRelease } from './schema/release.schema.ts';
import { checksAt } from './suite.ts';
import { plannedLimit, watchingOf } from './watching.ts';
import { plannedCheck } from './written.ts';

export const measures: readonly Measure[] = ['errors', 'p50', 'p95', 'p99'];

type WrittenThroughout = NonNullable<NonNullable<WrittenRelease['watch']>['throughout']>;

/** Limits as the workflow judges them, in the order of the measures. */
function plannedCriteria(written: WrittenCriteria, suffix: string): PlannedCriterion[] {
  return measures.flatMap((measure) => {
    const limits = written[measure];
    if (limits === undefined) return [];
    const { rollBack = null, consult = null } = limits;
    return [{ name: `${measure}${suffix}`, measure, rollBackAbove: rollBack, consultAbove: consult }];
  });
}

export function plannedRequest(request: WrittenRequest): PlannedRequest {
  return {
    name: request.name,
    spec: httpSpec(request),
    samples: request.samples,
    everyMs: request.every,
    criteria: plannedCriteria(request, ` of ${request.name}`),
  };
}

export function plannedWatch(release: WrittenRelease, written: NonNullable<WrittenRelease['watch']>): PlannedWatch {
  const probe = written.probe as WrittenProbe | undefined;
  return {
    stretches: written.schedule.map(({ every, for: length }) => ({ everyMs: every, forMs: length })),
    probe: probe === undefined ? null : { name: probe.name, spec: httpSpec(probe), everyMs: probe.every },
    criteria: [...plannedCriteria(written.criteria ?? {}, ''), ...written.limits.map(plannedLimit)],
    checks: checksAt(release, 'watch', written.checks),
    ...(written.throughout === undefined ? {} : { throughout: plannedThroughout(written.throughout) }),
    minimumSamples: written.minimumSamples,
    maxUnwatched: written.maxUnwatched,
    reviewAfterMs: written.review ?? null,
    ...watchingOf(written),
  };
}

function plannedThroughout({ every, checks }: WrittenThroughout): NonNullable<PlannedWatch['throughout']> {
  return { everyMs: every, checks: (checks as WrittenCheck[]).map(plannedCheck) };
}

/** The fields of an `http` check, out of something that holds more. */
function httpSpec(parsed: object): Json {
  return ownFields('check', { ...pick(parsed, Object.keys(parsed)), kind: 'http' });
}
