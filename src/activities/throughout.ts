import type { Clock } from '../checks/clock.ts';
import type { CheckResult } from '../release/check.ts';
import type { PlannedWatch } from '../release/plan.ts';

/** All that a later attempt needs to go on. `unwatchedMs`: of each check, in the order of the plan. */
export type AskedSoFar = { next: number; unwatchedMs: number[] };

/**
 * Times are epoch milliseconds; one round is due every `everyMs` from `fromMs` on, before `untilMs`. `ends`: somebody
 * else found something, so that no further round is needed. `ask` throws when its signal is aborted.
 */
type Order = {
  throughout: NonNullable<PlannedWatch['throughout']>;
  fromMs: number;
  untilMs: number;
  clock: Clock;
  signal: AbortSignal;
  ends: AbortSignal;
  resume: AskedSoFar | null;
  /** Asks every check once; answers in the order of the plan. */
  ask: (signal: AbortSignal) => Promise<CheckResult[]>;
  /** Ends it early; left out, any FAIL does. */
  isEnough?: (answers: readonly CheckResult[]) => boolean;
  onRound: (asked: AskedSoFar) => void;
};

/**
 * `results`: of each check the newest answer, one that was measured where there is any. `unwatchedMs`: the time in which
 * the worst of them could not be asked. `failed`: it ended early, because of a FAIL or of what is enough.
 */
export type Throughout = { results: CheckResult[]; unwatchedMs: number; failed: boolean };

type State = AskedSoFar & { results: CheckResult[] };

/**
 * Asks every check again and again until one fails. What cannot be asked counts as unwatched and neither acts nor
 * counts as good, unless it could not be asked in the whole stretch.
 *
 * @throws the signal's reason when cancelled
 */
export async function askThroughout(order: Order): Promise<Throughout> {
  const { throughout, signal, ends, resume, isEnough = hasFailure } = order;
  const state: State = {
    next: resume?.next ?? 0,
    unwatchedMs: resume?.unwatchedMs ?? throughout.checks.map(() => 0),
    results: [],
  };
  let failed = false;
  while (!failed && (await isTime(order, state))) {
    const answers = await round(order, AbortSignal.any([signal, ends]));
    if (answers === null) break;
    keep(order, state, answers);
    failed = isEnough(answers);
    order.onRound({ next: state.next, unwatchedMs: [...state.unwatchedMs] });
  }
  return { results: state.results, unwatchedMs: Math.max(0, ...state.unwatchedMs), failed };
}

function hasFailure(answers: readonly CheckResult[]): boolean {
  return answers.some(({ status }) => status === 'FAIL');
}

/** Waits for the next round; false when there is none left. Rounds that this process slept through were not watched. */
async function isTime(order: Order, state: State): Promise<boolean> {
  const { throughout, fromMs, untilMs, clock, signal, ends } = order;
  const due = fromMs + state.next * throughout.everyMs;
  if (due >= untilMs) return false;
  await sleepUntil(due, { clock, signal, ends });
  if (ends.aborted) return false;
  const missed = Math.floor(Math.max(0, Math.min(clock.now(), untilMs) - due) / throughout.everyMs);
  state.next += missed;
  state.unwatchedMs = state.unwatchedMs.map((ms) => ms + missed * throughout.everyMs);
  return fromMs + state.next * throughout.everyMs < untilMs;
}

async function sleepUntil(
  due: number,
  { clock, signal, ends }: Pick<Order, 'clock' | 'signal' | 'ends'>,
): Promise<void> {
  const waitMs = due - clock.now();
  if (waitMs <= 0) return signal.throwIfAborted();
  try {
    await clock.sleep(waitMs, AbortSignal.any([signal, ends]));
  } catch (error) {
    signal.throwIfAborted();
    if (!ends.aborted) throw error;
  }
}

/** Null: it was ended before every check had answered. */
async function round({ ask, signal }: Order, either: AbortSignal): Promise<CheckResult[] | null> {
  try {
    return await ask(either);
  } catch (error) {
    signal.throwIfAborted();
    if (!either.aborted) throw error;
    return null;
  }
}

/** Rounds that passed while a check took its time are left out; they were not watched where it had no answer in the end. */
function keep({ throughout, fromMs, clock }: Order, state: State, answers: CheckResult[]): void {
  const passed = Math.max(1, Math.ceil((clock.now() - fromMs) / throughout.everyMs) - state.next);
  state.next += passed;
  state.unwatchedMs = state.unwatchedMs.map((ms, index) =>
    answers[index]?.status === 'PENDING' ? ms + passed * throughout.everyMs : ms,
  );
  state.results = answers.map((answer, index) =>
    answer.status === 'PENDING' ? (state.results[index] ?? answer) : answer,
  );
}
