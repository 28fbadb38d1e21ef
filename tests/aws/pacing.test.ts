import { expect, it } from 'vitest';
import { lookAgainMs } from '../../src/aws/pacing.ts';

const second = 1000;
const minute = 60 * second;

type Looking = { calls: number; lagMs: number };
type Wait = { tookMs: number; past: number[]; hasPercent: boolean; denseMs: number };

/** Looks as a target does: once when it has begun, and again after each pause. */
function look({ tookMs, past, hasPercent, denseMs }: Wait): Looking {
  let at = 0;
  for (let calls = 1; ; calls += 1) {
    if (at >= tookMs) return { calls, lagMs: at - tookMs };
    const percent = hasPercent ? Math.floor((at / tookMs) * 100) : null;
    at += lookAgainMs({ elapsedMs: at, past, percent, denseMs });
  }
}

/** botocore's waiters: a fixed pause. */
function stock(tookMs: number, pauseMs: number): Looking {
  const calls = Math.ceil(tookMs / pauseMs) + 1;
  return { calls, lagMs: (calls - 1) * pauseMs - tookMs };
}

/** Durations spread evenly by a tenth around what is usual. */
function jittered(usualMs: number): number[] {
  return Array.from({ length: 397 }, (_, index) => Math.round(usualMs * (0.9 + (index * 0.2) / 396)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

it.each([
  {
    what: 'a snapshot of 20 min that tells its progress',
    usualMs: 20 * minute,
    pauseMs: 30 * second,
    hasPercent: true,
  },
  {
    what: 'a snapshot of 45 min that tells its progress',
    usualMs: 45 * minute,
    pauseMs: 30 * second,
    hasPercent: true,
  },
  { what: 'a snapshot of 20 min', usualMs: 20 * minute, pauseMs: 30 * second, hasPercent: false },
  { what: 'a deployment of 6 min', usualMs: 6 * minute, pauseMs: 15 * second, hasPercent: false },
])('$what is noticed in a third of the time with half the calls', ({ usualMs, pauseMs, hasPercent }) => {
  const past = hasPercent ? [] : [1, 0.97, 1.04].map((factor) => Math.round(usualMs * factor));
  const denseMs = Math.round(pauseMs * 0.27);
  const ours = jittered(usualMs).map((tookMs) => look({ tookMs, past, hasPercent, denseMs }));
  const theirs = jittered(usualMs).map((tookMs) => stock(tookMs, pauseMs));
  expect(mean(ours.map(({ calls }) => calls))).toBeLessThanOrEqual(mean(theirs.map(({ calls }) => calls)) / 2);
  expect(mean(ours.map(({ lagMs }) => lagMs))).toBeLessThanOrEqual(mean(theirs.map(({ lagMs }) => lagMs)) / 3);
});

it('what takes ten times as long as ever is still looked at, and never given up', () => {
  const { calls, lagMs } = look({
    tookMs: 10 * 60 * minute,
    past: [60 * minute],
    hasPercent: false,
    denseMs: 10 * second,
  });
  expect(lagMs).toBeLessThanOrEqual(5 * minute);
  expect(calls).toBeLessThan(300);
});

it('what was never done before is noticed within a twentieth of the time that it took', () => {
  for (const tookMs of jittered(40 * minute)) {
    const { lagMs } = look({ tookMs, past: [], hasPercent: false, denseMs: 5 * second });
    expect(lagMs).toBeLessThanOrEqual(tookMs * 0.05 + 5 * second);
  }
});
