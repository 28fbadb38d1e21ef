import { Context } from '@temporalio/activity';
import type { Clock } from '../checks/clock.ts';
import type { Judgement } from '../release/verdict.ts';
import { atBoundary } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import type { PerformanceInput } from './inputs.ts';
import { explained, measure } from './measure.ts';

/** Measures one endpoint after the other, so that they do not disturb each other, and judges each by its limits. */
export async function measurePerformance({ place, requests }: PerformanceInput, clock: Clock): Promise<Judgement[]> {
  return await atBoundary(async (discretion) => {
    const judgements: Judgement[] = [];
    const { home, version, records } = place;
    const { cancellationSignal: signal } = Context.current();
    for (const request of requests) {
      const spec = await resolved(request.spec, place, discretion);
      const asking = { spec, home, version, records, signal, log: discreetLog(discretion) };
      judgements.push(...discretion.redact(explained(await measure(request, asking, clock))));
    }
    return judgements;
  });
}
