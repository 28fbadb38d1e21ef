import { describe, expect, test } from 'vitest';
import { type Collecting, collect, type Probe, type Sampling } from '../../src/activities/sampling.ts';
import type { Answer } from '../../src/release/check.ts';
import type { PlannedCriterion } from '../../src/release/plan.ts';
import { VirtualClock } from './virtual-clock.ts';

const answers: Record<string, Answer> = {
  PASS: { status: 'PASS', summary: 'fine', evidence: '' },
  FAIL: { status: 'FAIL', summary: 'status is 500, expected 2xx', evidence: '' },
  PENDING: { status: 'PENDING', summary: 'no route', evidence: '' },
};
const pass = answers.PASS as Answer;
const fail = answers.FAIL as Answer;
const pendingAnswer = answers.PENDING as Answer;

const errors: PlannedCriterion = { name: 'errors', measure: 'errors', rollBackAbove: 10, consultAbove: 5 };
const slow: PlannedCriterion = { name: 'p95', measure: 'p95', rollBackAbove: 800, consultAbove: null };

/** Answers after `latencyMs`; `n` counts the requests from 1. */
function service(
  clock: VirtualClock,
  behave: (n: number) => { answer?: Answer; latencyMs?: number },
): Probe & { sentAt: number[] } {
  const sentAt: number[] = [];
  const probe = async (signal: AbortSignal) => {
    sentAt.push(clock.now());
    const { answer = pass, latencyMs = 5 } = behave(sentAt.length);
    await clock.sleep(latencyMs, signal);
    return answer;
  };
  return Object.assign(probe, { sentAt });
}

function order(clock: VirtualClock, probe: Probe, more: Partial<Collecting> = {}): Collecting {
  return {
    probe,
    everyMs: 1_000,
    fromMs: clock.now(),
    untilMs: clock.now() + 100_000,
    criteria: [errors, slow],
    minimumSamples: 20,
    clock,
    signal: new AbortController().signal,
    ...more,
  };
}

describe('sampling', () => {
  test('an outage after an hour of health stops the watch within seconds', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const broken = start + 3_600_000;
    const probe = service(clock, () => (clock.now() >= broken ? { answer: fail } : {}));
    const got = await clock.drive(collect(order(clock, probe, { untilMs: start + 2 * 3_600_000 })));
    expect(got.alarm).toMatchObject({ criterion: 'errors', verdict: 'roll back' });
    expect(got.alarm?.since).toBe(new Date(broken + 5).toISOString());
    expect(clock.now() - broken).toBeLessThan(10_000);
    expect(got.judgements.find(({ criterion }) => criterion === 'errors')).toEqual(got.alarm);
    expect(got.lastFailure).toBe('status is 500, expected 2xx');
    expect(got.unwatchedMs).toBe(0);
  });

  test('nothing is said before the minimum of samples', async () => {
    const clock = new VirtualClock();
    const probe = service(clock, () => ({ answer: fail }));
    const got = await clock.drive(collect(order(clock, probe)));
    expect(got.samples).toBe(20);
    const few = await clock.drive(collect(order(clock, probe, { fromMs: clock.now(), untilMs: clock.now() + 10_000 })));
    expect(few.alarm).toBeNull();
    expect(few.judgements.map(({ verdict }) => verdict)).toEqual(['unknown', 'unknown']);
  });

  test('a slow answer does not delay the next request', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const probe = service(clock, (n) => ({ latencyMs: n === 3 ? 30_000 : 5 }));
    const got = await clock.drive(collect(order(clock, probe)));
    expect(probe.sentAt).toEqual(Array.from({ length: 100 }, (_, n) => start + n * 1_000));
    expect(got.measurement).toMatchObject({ n: 100, errors: 0, p50: 5, p95: 5 });
  });

  test('requests that a stalled service holds back count the time that they lost', async () => {
    const clock = new VirtualClock();
    // One at a time, and the second takes 10 s: those meant for the meantime waited 9 s, 8 s, 7 s…
    const probe = service(clock, (n) => ({ latencyMs: n === 2 ? 10_000 : 5 }));
    const quiet = { criteria: [], maxInFlight: 1, untilMs: clock.now() + 15_000 };
    const got = await clock.drive(collect(order(clock, probe, quiet)));
    expect(got.samples).toBe(15);
    expect(got.measurement.p50).toBeLessThan(5_000);
    expect(got.measurement.p50).toBeGreaterThan(500);
    expect(got.measurement.p95).toBeGreaterThan(8_900);
  });

  test('what could not be measured is unwatched, neither good nor bad', async () => {
    const clock = new VirtualClock();
    const probe = service(clock, (n) => (n > 60 ? { answer: pendingAnswer } : {}));
    const got = await clock.drive(collect(order(clock, probe)));
    expect(got).toMatchObject({ samples: 60, unwatchedMs: 40_000, alarm: null, measurement: { n: 60, errors: 0 } });
  });

  test('a machine that was suspended blames nobody and counts the time as unwatched', async () => {
    const clock = new VirtualClock();
    const probe = service(clock, (n) => {
      if (n === 10) clock.jump(30_000);
      return {};
    });
    const got = await clock.drive(collect(order(clock, probe)));
    expect(got.alarm).toBeNull();
    expect(got.measurement.errors).toBe(0);
    expect(got.measurement.p99).toBeLessThan(100);
    expect(got.unwatchedMs).toBeGreaterThanOrEqual(29_000);
    expect(got.unwatchedMs).toBeLessThanOrEqual(32_000);
  });

  test('after a crash it goes on with what was measured, and the gap is unwatched', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const until = start + 100_000;
    let last: Sampling | undefined;
    const crash = new AbortController();
    const probe = service(clock, (n) => ({ latencyMs: 10 * n, answer: n % 20 === 10 ? fail : pass }));
    const noted = (sampling: Sampling) => {
      last = JSON.parse(JSON.stringify(sampling)) as Sampling;
      if (sampling.next === 40) crash.abort(new Error('killed'));
    };
    const first = order(clock, probe, { onHeartbeat: noted, beatEveryMs: 0, signal: crash.signal });
    await expect(clock.drive(collect(first))).rejects.toThrow('killed');
    expect(JSON.stringify(last).length).toBeLessThan(4_000);

    clock.jump(20_000);
    const again = order(clock, probe, { fromMs: start, untilMs: until, resume: last ?? null });
    const got = await clock.drive(collect(again));
    expect(got.samples).toBeGreaterThanOrEqual(78);
    expect(got.samples).toBeLessThanOrEqual(81);
    expect(got.samples * 1_000 + got.unwatchedMs).toBe(100_000);
    expect(got.measurement.errors).toBeCloseTo((4 / got.samples) * 100, 5);
    expect(got.measurement.p50).toBeGreaterThan(380);
    expect(got.measurement.p50).toBeLessThan(430);
  });

  test('a watch that nobody ran until now starts now', async () => {
    const clock = new VirtualClock();
    const probe = service(clock, () => ({}));
    const got = await clock.drive(
      collect(order(clock, probe, { fromMs: clock.now() - 50_000, untilMs: clock.now() + 50_000 })),
    );
    expect(got).toMatchObject({ samples: 50, unwatchedMs: 50_000 });
    const late = order(clock, probe, { fromMs: clock.now() - 50_000, untilMs: clock.now() - 10_000 });
    expect(await clock.drive(collect(late))).toMatchObject({ samples: 0, unwatchedMs: 40_000 });
  });

  test('cancelling throws the reason at once, and a bug in the probe stays one', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const probe = service(clock, (n) => {
      if (n === 5) controller.abort(new Error('given up'));
      return { latencyMs: 60_000 };
    });
    await expect(clock.drive(collect(order(clock, probe, { signal: controller.signal })))).rejects.toThrow('given up');
    expect(probe.sentAt).toHaveLength(5);
    const bug = async () => Promise.reject(new TypeError('a bug'));
    await expect(clock.drive(collect(order(clock, bug)))).rejects.toThrow('a bug');
  });

  test('a clock that only jumps from sleep to sleep gets through 48 hours in seconds', async () => {
    let now = 0;
    const sleep = async (ms: number) => {
      now += ms;
    };
    const jumping = { now: () => now, sleep, stopwatch: () => performance.now() };
    const probe = () => new Promise<Answer>((resolve) => setImmediate(() => resolve(pass)));
    const started = performance.now();
    const got = await collect({
      ...order(new VirtualClock(), probe),
      clock: jumping,
      everyMs: 10_000,
      fromMs: 0,
      untilMs: 48 * 3_600_000,
    });
    expect(got).toMatchObject({ samples: 17_280, unwatchedMs: 0, alarm: null });
    expect(performance.now() - started).toBeLessThan(8_000);
  });
});
