import type { Sample } from '../../src/release/statistics.ts';

/** Random numbers from 0 to 1 that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * What requests look like. `perSecond`: at the busiest time. `bursts`: errors come in spells of some seconds instead of one
 * by one. `daily`: at night a fifth of the requests, and answers that take 15 % less time. `margin`: how much slower than
 * before p95 may be, in per cent, as a plan for this traffic would say.
 */
export type Traffic = { name: string; perSecond: number; bursts: boolean; daily: boolean; margin: number };

/** What a bad release does: share of errors, and times of answers as a multiple. */
export type Failure = { name: string; errors: number; slower: number };

export const healthyErrors = 0.001;

const healthy: Failure = { name: 'healthy', errors: healthyErrors, slower: 1 };

/** 95 % of the answers are faster than this many milliseconds, at the busiest time. */
export const usualP95 = 120 * Math.exp(0.5 * 1.6449);

/** Answers of a healthy service: most near 120 ms, some much longer (log-normal). */
const table = Float64Array.from({ length: 65_536 }, (_, index) => 120 * Math.exp(0.5 * probit((index + 0.5) / 65_536)));

/** Inverse of the normal distribution, by bisection of a series; used once for the table. */
function probit(share: number): number {
  let low = -8;
  let high = 8;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (normal(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

/** Marsaglia's series for the normal distribution. */
function normal(x: number): number {
  let sum = x;
  let term = x;
  for (let index = 1; index < 300; index += 1) {
    term = (term * x * x) / (2 * index + 1);
    if (sum + term === sum) break;
    sum += term;
  }
  return Math.min(1, Math.max(0, 0.5 + sum * Math.exp(-0.5 * x * x - 0.918_938_533_204_672_7)));
}

const dayMs = 86_400_000;
const spellMs = 2_000;
const failingInSpell = 0.5;

/** A stream of requests; it starts at night, when releases are made. Times are milliseconds since it began. */
export class Stream {
  atMs = 0;
  failure: Failure = healthy;
  private readonly traffic: Traffic;
  private readonly random: () => number;
  private spellEndsMs = 0;

  constructor(traffic: Traffic, seed: number) {
    this.traffic = traffic;
    this.random = seeded(seed);
  }

  /** The next request; `atMs` is its time afterwards. */
  next(): Sample {
    const { daily, perSecond, bursts } = this.traffic;
    const busy = daily ? 0.5 - 0.5 * Math.cos((2 * Math.PI * this.atMs) / dayMs) : 1;
    const passedMs = 1_000 / (perSecond * (daily ? 0.2 + 0.8 * busy : 1));
    this.atMs += passedMs;
    const { errors, slower } = this.failure;
    const single = bursts ? errors - healthyErrors : errors;
    if (this.random() < single || (bursts && this.fails(passedMs))) return null;
    const time = table[(this.random() * 65_536) | 0] ?? 0;
    return time * slower * (daily ? 0.85 + 0.15 * busy : 1);
  }

  /** Spells last two seconds on average, and come so seldom that as many requests fail in all. */
  private fails(passedMs: number): boolean {
    if (this.atMs > this.spellEndsMs) {
      const startsPerMs = healthyErrors / failingInSpell / spellMs;
      if (this.random() >= startsPerMs * passedMs) return false;
      this.spellEndsMs = this.atMs - spellMs * Math.log(1 - this.random());
    }
    return this.random() < failingInSpell;
  }
}
