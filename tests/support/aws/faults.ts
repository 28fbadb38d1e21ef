import { changes, type Operation } from './operations.ts';
import type { Refusal } from './refusals.ts';
import { signedAt } from './refusals.ts';

/** `services`: only these, as the signature names them; all without it. `share`: 0 to 1. */
export type Storm = { kind: 'throttled' | 'server-error'; share: number; seed?: number; services?: readonly string[] };

/** What a test can let go wrong between the SDK and AWS, at any moment. */
export type Faults = {
  /** From now on, this share of the calls is refused; `calm` ends it. */
  storm(storm: Storm): void;
  calm(): void;
  /**
   * The next `times` calls of this operation (such as `CreateDBSnapshot`) have their effect, and their answer is lost.
   * `before`: the request itself is lost instead, so that it has no effect.
   */
  loseAnswer(operation: string, options?: { times?: number; before?: boolean }): void;
  /** Of every changing operation, the answer of its first call from now on is lost after the effect. */
  loseEachFirstAnswer(): void;
  /** AWS's clock is this far ahead of the machine's; signatures more than 5 minutes off (S3: 15) are refused. 0 ends it. */
  setServerClock(aheadMs: number): void;
  /** Every call is refused because the credentials have expired. */
  expireCredentials(expired?: boolean): void;
  /** The answers of this operation come so much later; 0 ends it. */
  delay(operation: string, ms: number): void;
  /** How often each fault struck: `throttled`, `server-error`, `lost`, `skewed`, `expired`. */
  struck(): Record<string, number>;
};

export type Verdict = { refuse: Refusal } | { lose: 'answer' | 'request' } | { delayMs: number };

export type FaultState = Faults & {
  judge(operation: Operation, signed: string | string[] | undefined): Verdict;
  serverTime(): Date;
};

/** A small generator with a seed: the same calls in the same order meet the same faults. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Loss = { operation: string; times: number; what: 'answer' | 'request' };

export function openFaults(): FaultState {
  let storms: (Storm & { next: () => number })[] = [];
  let losses: Loss[] = [];
  /** Operations that have lost their first answer; null while that fault is off. */
  let lostOnce: Set<string> | null = null;
  let aheadMs = 0;
  let expired = false;
  const delays = new Map<string, number>();
  const struck: Record<string, number> = {};
  const count = (what: string): void => {
    struck[what] = (struck[what] ?? 0) + 1;
  };
  const serverTime = (): Date => new Date(Date.now() + aheadMs);
  const refused = (operation: Operation, signed: string | string[] | undefined): Refusal | null => {
    const requested = signedAt(signed);
    const allowed = (operation.service === 's3' ? 15 : 5) * 60_000;
    const server = serverTime();
    if (requested !== null && Math.abs(server.getTime() - requested.getTime()) > allowed) {
      return { kind: 'skewed', requested, server };
    }
    if (expired) return { kind: 'expired' };
    const storm = storms.find((one) => (one.services?.includes(operation.service) ?? true) && one.next() < one.share);
    return storm === undefined ? null : { kind: storm.kind };
  };
  return {
    storm: (storm) => storms.push({ ...storm, next: generator(storm.seed ?? 1) }),
    calm() {
      storms = [];
      losses = [];
      lostOnce = null;
      aheadMs = 0;
      expired = false;
      delays.clear();
    },
    loseAnswer(operation, { times = 1, before = false } = {}) {
      losses.push({ operation, times, what: before ? 'request' : 'answer' });
    },
    loseEachFirstAnswer() {
      lostOnce = new Set();
    },
    setServerClock(ms) {
      aheadMs = ms;
    },
    expireCredentials(now = true) {
      expired = now;
    },
    delay: (operation, ms) => delays.set(operation, ms),
    struck: () => ({ ...struck }),
    serverTime,
    judge(operation, signed) {
      const refuse = refused(operation, signed);
      if (refuse !== null) {
        count(refuse.kind);
        return { refuse };
      }
      const loss = losses.find((one) => one.operation === operation.name && one.times > 0);
      if (loss !== undefined) {
        loss.times -= 1;
        count('lost');
        return { lose: loss.what };
      }
      if (lostOnce !== null && changes(operation.name) && !lostOnce.has(operation.name)) {
        lostOnce.add(operation.name);
        count('lost');
        return { lose: 'answer' };
      }
      return { delayMs: delays.get(operation.name) ?? 0 };
    },
  };
}
