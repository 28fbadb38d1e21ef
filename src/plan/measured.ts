import { k6LongestMs } from '../performance/k6/k6.schema.ts';
import { loadLongestMs } from '../performance/load/load.schema.ts';
import { pagesLongestMs } from '../performance/pages/pages.schema.ts';
import { criteriaOf } from '../release/criteria.ts';
import type { Json } from '../release/json.ts';
import type { PlannedMeasurement } from '../release/performance.ts';
import type { PlannedRequest, PlannedWatch } from '../release/plan.ts';
import { ownFields, pick } from './kinds.ts';
import type { WrittenCheck } from './schema/checks.schema.ts';
import type { WrittenProbe, WrittenRequest } from './schema/evidence.schema.ts';
import type { WrittenRelease } from './schema/release.schema.ts';
import { checksAt, repeatableAt } from './suite.ts';
import { plannedLimit, watchingOf } from './watching.ts';
import { plannedCheck } from './written.ts';

type WrittenThroughout = NonNullable<NonNullable<WrittenRelease['watch']>['throughout']>;

export function plannedRequest(request: WrittenRequest): PlannedRequest {
  return {
    name: request.name,
    spec: httpSpec(request),
    samples: request.samples,
    everyMs: request.every,
    criteria: criteriaOf(request, ` of ${request.name}`),
    ...(request.baseline === undefined ? {} : { compares: true }),
  };
}

type WrittenPerformance = NonNullable<WrittenRelease['performance']>;

/** What is measured after the requests, in this order. */
export function plannedMeasurements({ pages = [], load = [], k6 = [] }: WrittenPerformance): PlannedMeasurement[] {
  return [
    ...pages.map((page) => planned('pages', page, pagesLongestMs(page))),
    ...load.map((each) => planned('load', each, loadLongestMs(each))),
    ...k6.map((script) => planned('k6', script, k6LongestMs(script))),
  ];
}

function planned(kind: string, written: { name: string }, longestMs: number): PlannedMeasurement {
  const { name, ...spec } = pick(written, Object.keys(written));
  const compares = spec.baseline === undefined ? {} : { compares: true as const };
  return { name: String(name), kind, spec, longestMs, ...compares };
}

export function plannedWatch(release: WrittenRelease, written: NonNullable<WrittenRelease['watch']>): PlannedWatch {
  const probe = written.probe as WrittenProbe | undefined;
  return {
    stretches: written.schedule.map(({ every, for: length }) => ({ everyMs: every, forMs: length })),
    probe: probe === undefined ? null : { name: probe.name, spec: httpSpec(probe), everyMs: probe.every },
    criteria: [...criteriaOf(written.criteria ?? {}, ''), ...written.limits.map(plannedLimit)],
    checks: checksAt(release, 'watch', written.checks),
    ...(written.throughout === undefined ? {} : { throughout: plannedThroughout(written.throughout) }),
    ...(written.synthetic === undefined ? {} : { synthetic: plannedSynthetic(release, written.synthetic.every) }),
    minimumSamples: written.minimumSamples,
    maxUnwatched: written.maxUnwatched,
    reviewAfterMs: written.review ?? null,
    ...watchingOf(written),
  };
}

function plannedThroughout({ every, checks }: WrittenThroughout): NonNullable<PlannedWatch['throughout']> {
  return { everyMs: every, checks: (checks as WrittenCheck[]).map(plannedCheck) };
}

function plannedSynthetic(release: WrittenRelease, everyMs: number): NonNullable<PlannedWatch['synthetic']> {
  return { everyMs, checks: repeatableAt(release, 'smoke', release.smoke) };
}

/** The fields of an `http` check, out of something that holds more. */
function httpSpec(parsed: object): Json {
  return ownFields('check', { ...pick(parsed, Object.keys(parsed)), kind: 'http' });
}
