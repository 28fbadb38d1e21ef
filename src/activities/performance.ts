import { Context, log } from '@temporalio/activity';
import type { Clock } from '../checks/clock.ts';
import { loadMeasurer } from '../performance/kinds.ts';
import type { Asking } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import type { Measured, PlannedMeasurement } from '../release/performance.ts';
import type { Judgement } from '../release/verdict.ts';
import { atBoundary, type Discretion } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import { keepingEvidence, lineOf, stampOf } from './evidence.ts';
import type { Before, PerformanceInput, Place } from './inputs.ts';
import { explained, type Keep, measure, normalOf } from './measure.ts';

/**
 * Measures one thing after the other, so that they do not disturb each other, and judges each by its limits. What the
 * verdicts rest on is kept in `records`.
 */
export async function measurePerformance(input: PerformanceInput, clock: Clock): Promise<Judgement[]> {
  const { place, requests, measurements = [], before } = input;
  const order = {
    ...orderOf('performance', place, clock),
    summaryOf: (judgements: Judgement[]): Json => ({ judgements }),
  };
  const { result, kept } = await keepingEvidence(order, (add) =>
    atBoundary(async (discretion) => {
      const around = { place, clock, discretion, add };
      const judgements: Judgement[] = [];
      for (const request of requests) {
        const asked = { asking: await askingOf(request, around), keep: keepOf(request, around) };
        const known = before?.requests[request.name] ?? null;
        judgements.push(...discretion.redact(explained(await measure(request, { ...asked, before: known }, clock))));
      }
      for (const planned of measurements) {
        const known = before?.measurements[keyOf(planned)] ?? null;
        judgements.push(...(await measureOne(planned, known, around)).judgements);
      }
      return judgements;
    }),
  );
  if ('notKept' in kept) log.warn('what was measured is not kept', kept);
  return 'record' in kept ? result.map((judgement) => ({ ...judgement, ...kept })) : result;
}

/** The same of the version that runs before anything is changed, by which it is compared later. */
export async function measureBefore(input: PerformanceInput, clock: Clock): Promise<Before> {
  const { place, requests, measurements = [] } = input;
  const order = { ...orderOf('performance-before', place, clock), summaryOf: (before: Before): Json => before };
  const { result } = await keepingEvidence(order, (add) =>
    atBoundary(async (discretion) => {
      const around = { place, clock, discretion, add };
      const before: Before = { requests: {}, measurements: {} };
      for (const request of requests) {
        const asked = { asking: await askingOf(request, around), keep: keepOf(request, around) };
        before.requests[request.name] = await normalOf(request, asked, clock);
      }
      for (const planned of measurements) {
        before.measurements[keyOf(planned)] = (await measureOne(planned, null, around)).record;
      }
      return before;
    }),
  );
  return result;
}

function orderOf(name: string, place: Place, clock: Clock) {
  const { attempt } = Context.current().info;
  return { place, name: `${name}-${stampOf(clock.now())}`, attempt, head: { performance: name } };
}

function keepOf({ name }: { name: string }, { add, discretion }: Around): Keep {
  return (timed, said) => add({ request: name, ...discretion.redact(lineOf(timed, said)) });
}

function keyOf({ kind, name }: PlannedMeasurement): string {
  return `${kind} ${name}`;
}

type Around = { place: Place; discretion: Discretion; clock: Clock; add: (line: Json) => void };

async function askingOf({ spec }: { spec: Json }, { place, discretion }: Around): Promise<Asking<Json>> {
  const { home, version, records } = place;
  const { cancellationSignal: signal } = Context.current();
  return {
    spec: await resolved(spec, place, discretion),
    home,
    version,
    records,
    signal,
    log: discreetLog(discretion),
  };
}

async function measureOne(planned: PlannedMeasurement, before: Json, around: Around): Promise<Measured> {
  const { place, discretion, clock } = around;
  const measurer = await loadMeasurer(planned.kind);
  const { name } = planned;
  const asking = await askingOf(planned, around);
  const redact = <T>(value: T): T => discretion.redact(value);
  const found = redact(await measurer.measure({ ...asking, name, release: place.release, before, redact, clock }));
  around.add({ measurement: keyOf(planned), record: found.record });
  return found;
}
