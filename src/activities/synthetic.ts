import type { Clock } from '../checks/clock.ts';
import type { CheckResult } from '../release/check.ts';
import type { PlannedWatch } from '../release/plan.ts';
import type { SignalStates } from '../release/signals.ts';
import { errorRate } from '../release/statistics.ts';
import type { Judgement } from '../release/verdict.ts';
import { Judge, type Judged, type Watching } from './judging.ts';
import { type AskedSoFar, askThroughout } from './throughout.ts';

/** All that a later attempt needs to go on. */
export type SyntheticSoFar = Judged & { asked: AskedSoFar; n: number; errors: number };

/** As `askThroughout`; `ask` asks all checks once, in their order. */
type Order = {
  watch: PlannedWatch;
  synthetic: NonNullable<PlannedWatch['synthetic']>;
  watching: Watching;
  fromMs: number;
  untilMs: number;
  clock: Clock;
  signal: AbortSignal;
  ends: AbortSignal;
  resume: SyntheticSoFar | null;
  ask: (signal: AbortSignal) => Promise<CheckResult[]>;
  onRound: (soFar: SyntheticSoFar) => void;
};

/** `alarm`: why it ended early, already among `judgements`. `signals`: for the next stretch. */
export type Synthetic = {
  judgements: Judgement[];
  samples: number;
  unwatchedMs: number;
  alarm: Judgement | null;
  signals: SignalStates;
};

/**
 * Traffic of our own where users make too little: smoke checks are asked again and again, and each answer is one sample
 * for the criteria about errors. No single failure acts, only what is beyond doubt does. Times are left out: a check is no
 * request of a user. What these samples say is told apart from what the probe says.
 *
 * @throws the signal's reason when cancelled
 */
export async function askSynthetic(order: Order): Promise<Synthetic> {
  const { watch, synthetic, watching, fromMs, untilMs, clock, resume } = order;
  const criteria = watch.criteria
    .filter(({ measure, against }) => measure === 'errors' && against === undefined)
    .map((criterion) => ({ ...criterion, name: `${criterion.name} (synthetic)` }));
  const asks = synthetic.checks.filter(({ cleansUp }) => cleansUp !== true).length;
  const { minimumSamples } = watch;
  const everyMs = synthetic.everyMs / Math.max(1, asks);
  const judge = new Judge({ criteria, minimumSamples, everyMs, lengthMs: untilMs - fromMs, watching }, resume ?? {});
  const state = { n: resume?.n ?? 0, errors: resume?.errors ?? 0 };
  let alarm: Judgement | null = null;
  let last: string | null = null;
  const isEnough = (answers: readonly CheckResult[]): boolean => {
    for (const { status, durationMs, name, summary } of counting(answers)) {
      state.n += 1;
      if (status === 'FAIL') {
        state.errors += 1;
        last = `${name}: ${summary}`;
      }
      alarm ??= judge.take(clock.now(), status === 'FAIL' ? null : durationMs);
    }
    return alarm !== null;
  };
  const { unwatchedMs } = await askThroughout({
    ...order,
    throughout: synthetic,
    resume: resume?.asked ?? null,
    isEnough,
    onRound: (asked) => order.onRound({ ...state, asked, ...judge.state() }),
  });
  const errors = errorRate(state.errors, state.n);
  const judgements = judge.verdicts({ n: state.n, errors, p50: null, p95: null, p99: null });
  const { signals } = judge.state();
  return { judgements: judgements.map(withLast(last)), samples: state.n, unwatchedMs, alarm, signals };
}

/** What could not be asked is no sample, and what cleans up is no question. */
function counting(answers: readonly CheckResult[]): CheckResult[] {
  return answers.filter(({ status, cleansUp }) => status !== 'PENDING' && cleansUp !== true);
}

function withLast(last: string | null): (judgement: Judgement) => Judgement {
  return (judgement) =>
    last === null || judgement.verdict === 'proceed'
      ? judgement
      : { ...judgement, explanation: `${judgement.explanation}; last: ${last}` };
}
