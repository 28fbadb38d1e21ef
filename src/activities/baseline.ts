import { Context } from '@temporalio/activity';
import type { Clock } from '../checks/clock.ts';
import { type Baseline, baselineOf, type Timed } from '../release/baseline.ts';
import type { Json } from '../release/json.ts';
import type { MeasuredBaseline } from '../release/status.ts';
import { atBoundary } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import { keepingEvidence, lineOf, stampOf } from './evidence.ts';
import type { BaselineInput } from './inputs.ts';
import { httpProbe } from './measure.ts';
import { collect } from './sampling.ts';

/** Sends the probe of the watch to the version that runs now, and says what is normal for it. Without a probe, of nothing. */
export async function measureBaseline(input: BaselineInput, clock: Clock): Promise<MeasuredBaseline> {
  const { place, watch, lengthMs, risk } = input;
  const { probe: planned } = watch;
  if (planned === null) return baselineOf([], { risk, everyMs: 1_000 });
  const name = `baseline-${stampOf(clock.now())}`;
  const { attempt } = Context.current().info;
  const head = { baseline: planned.name, everyMs: planned.everyMs, lengthMs };
  const order = { place, name, attempt, head, summaryOf: (found: Baseline): Json => found };
  const { result, kept } = await keepingEvidence(order, (add) =>
    atBoundary(async (discretion) => {
      const { cancellationSignal: signal } = Context.current();
      const { home, version, records } = place;
      const spec = await resolved(planned.spec, place, discretion);
      const probe = await httpProbe({ spec, home, version, records, signal, log: discreetLog(discretion) });
      const samples: Timed[] = [];
      const fromMs = clock.now();
      await collect({
        probe,
        everyMs: planned.everyMs,
        fromMs,
        untilMs: fromMs + lengthMs,
        criteria: [],
        minimumSamples: watch.minimumSamples,
        clock,
        signal,
        onSample: (timed, said) => {
          samples.push(timed);
          add(discretion.redact(lineOf(timed, said)));
        },
      });
      return baselineOf(samples, { risk, everyMs: planned.everyMs });
    }),
  );
  return { ...result, ...kept };
}
