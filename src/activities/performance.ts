import { Context } from '@temporalio/activity';
import type { Clock } from '../checks/clock.ts';
import { loadMeasurer } from '../performance/kinds.ts';
import type { Asking } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import type { Measured, PlannedMeasurement } from '../release/performance.ts';
import type { Judgement } from '../release/verdict.ts';
import { atBoundary, type Discretion } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import type { Before, PerformanceInput, Place } from './inputs.ts';
import { explained, measure, normalOf } from './measure.ts';

/** Measures one thing after the other, so that they do not disturb each other, and judges each by its limits. */
export async function measurePerformance(input: PerformanceInput, clock: Clock): Promise<Judgement[]> {
  const { place, requests, measurements = [], before } = input;
  return await atBoundary(async (discretion) => {
    const around = { place, clock, discretion };
    const judgements: Judgement[] = [];
    for (const request of requests) {
      const asking = await askingOf(request, around);
      const known = before?.requests[request.name] ?? null;
      judgements.push(...discretion.redact(explained(await measure(request, { asking, before: known }, clock))));
    }
    for (const planned of measurements) {
      const known = before?.measurements[keyOf(planned)] ?? null;
      judgements.push(...(await measureOne(planned, known, around)).judgements);
    }
    return judgements;
  });
}

/** The same of the version that runs before anything is changed, by which it is compared later. */
export async function measureBefore(input: PerformanceInput, clock: Clock): Promise<Before> {
  const { place, requests, measurements = [] } = input;
  return await atBoundary(async (discretion) => {
    const around = { place, clock, discretion };
    const before: Before = { requests: {}, measurements: {} };
    for (const request of requests) {
      before.requests[request.name] = await normalOf(request, await askingOf(request, around), clock);
    }
    for (const planned of measurements) {
      before.measurements[keyOf(planned)] = (await measureOne(planned, null, around)).record;
    }
    return before;
  });
}

function keyOf({ kind, name }: PlannedMeasurement): string {
  return `${kind} ${name}`;
}

type Around = { place: Place; discretion: Discretion; clock: Clock };

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
  return redact(await measurer.measure({ ...asking, name, release: place.release, before, redact, clock }));
}
