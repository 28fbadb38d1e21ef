import { askOnce } from '../checks/ask.ts';
import type { Clock } from '../checks/clock.ts';
import { loadCheck } from '../checks/kinds.ts';
import { type Baseline, baselineOf, type Timed } from '../release/baseline.ts';
import type { Asking } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import type { PlannedRequest } from '../release/plan.ts';
import { baselineRisk } from '../release/signals.ts';
import type { Judgement } from '../release/verdict.ts';
import { falseAlarmsAlone } from './judging.ts';
import { type Collected, collect, type Probe } from './sampling.ts';

/** Share of the samples that must have been measured; the same that a watch may miss at most by default. */
const measuredShare = 0.9;

/** A probe that asks an `http` check. `asking.spec` is the check's spec with its references resolved. */
export async function httpProbe(asking: Asking<Json>): Promise<Probe> {
  const check = await loadCheck('http');
  return (signal) => askOnce(check, { ...asking, signal });
}

/** Gets each sample, with what a wrong answer said. */
export type Keep = (timed: Timed, said: string | null) => void;

/**
 * Measures one endpoint of the performance step: `samples` requests, one every `everyMs`, then judges. Ends early when
 * a limit for going back is exceeded beyond doubt. Too few answers are `unknown`, never good. `before`: what was normal for
 * the version before, null where it was not measured.
 *
 * @throws the signal's reason when cancelled
 */
export async function measure(
  request: PlannedRequest,
  { asking, before, keep }: { asking: Asking<Json>; before: Baseline | null; keep?: Keep },
  clock: Clock,
): Promise<Collected> {
  const probe = await httpProbe(asking);
  const { samples, everyMs, criteria } = request;
  if (request.compares) await warmUp(probe, asking);
  const fromMs = clock.now();
  return await collect({
    probe,
    everyMs,
    fromMs,
    untilMs: fromMs + samples * everyMs,
    criteria,
    minimumSamples: Math.ceil(samples * measuredShare),
    before,
    clock,
    signal: asking.signal,
    ...(keep === undefined ? {} : { onSample: keep }),
  });
}

/** The first request loads code and opens connections; it would count for the version that is measured first. */
async function warmUp(probe: Probe, { signal }: Asking<Json>): Promise<void> {
  await probe(signal);
}

/** Times over: a worker that stands still for a moment loses the samples of that moment. */
const mostRounds = 3;

/** What is normal for one endpoint, over as many samples as it is judged by after the release. */
export async function normalOf(
  request: PlannedRequest,
  { asking, keep }: { asking: Asking<Json>; keep?: Keep },
  clock: Clock,
): Promise<Baseline> {
  const probe = await httpProbe(asking);
  const { samples, everyMs, criteria } = request;
  await warmUp(probe, asking);
  const taken: Timed[] = [];
  for (let round = 1; round <= mostRounds && taken.length < samples * measuredShare; round += 1) {
    const fromMs = clock.now();
    await collect({
      probe,
      everyMs,
      fromMs,
      untilMs: fromMs + (samples - taken.length) * everyMs,
      criteria: [],
      minimumSamples: 1,
      clock,
      signal: asking.signal,
      onSample: (timed, said) => {
        taken.push(timed);
        keep?.(timed, said);
      },
    });
    // It cannot be asked at all.
    if (taken.length === 0) break;
  }
  return baselineOf(taken, { risk: baselineRisk(criteria, falseAlarmsAlone), everyMs });
}

/** Judgements that also say what the last wrong answer said; the caller redacts them. */
export function explained({ judgements, lastFailure }: Collected): Judgement[] {
  if (lastFailure === null) return judgements;
  return judgements.map((judgement) =>
    judgement.unit === '%' && judgement.verdict !== 'proceed'
      ? { ...judgement, explanation: `${judgement.explanation}; last: ${lastFailure}` }
      : judgement,
  );
}
