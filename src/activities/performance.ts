import { Context } from '@temporalio/activity';
import type { Clock } from '../checks/clock.ts';
import { loadMeasurer } from '../performance/kinds.ts';
import type { PlannedMeasurement } from '../release/performance.ts';
import type { Judgement } from '../release/verdict.ts';
import { atBoundary, type Discretion } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import type { PerformanceInput, Place } from './inputs.ts';
import { explained, measure } from './measure.ts';

/** Measures one thing after the other, so that they do not disturb each other, and judges each by its limits. */
export async function measurePerformance(input: PerformanceInput, clock: Clock): Promise<Judgement[]> {
  const { place, requests, measurements = [] } = input;
  return await atBoundary(async (discretion) => {
    const judgements: Judgement[] = [];
    const { home, version, records } = place;
    const { cancellationSignal: signal } = Context.current();
    for (const request of requests) {
      const spec = await resolved(request.spec, place, discretion);
      const asking = { spec, home, version, records, signal, log: discreetLog(discretion) };
      judgements.push(...discretion.redact(explained(await measure(request, asking, clock))));
    }
    for (const planned of measurements) {
      judgements.push(...(await measureOne(planned, { place, discretion, clock })).judgements);
    }
    return judgements;
  });
}

type Around = { place: Place; discretion: Discretion; clock: Clock };

async function measureOne({ name, kind, spec: written }: PlannedMeasurement, around: Around) {
  const { place, discretion, clock } = around;
  const { home, version, records, release } = place;
  const { cancellationSignal: signal } = Context.current();
  const measurer = await loadMeasurer(kind);
  const spec = await resolved(written, place, discretion);
  const log = discreetLog(discretion);
  const measuring = { name, spec, home, version, release, records, before: null, signal, log, clock };
  return discretion.redact(await measurer.measure(measuring));
}
