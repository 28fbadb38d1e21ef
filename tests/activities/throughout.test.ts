import { expect, it } from 'vitest';
import { type AskedSoFar, askThroughout, type Throughout } from '../../src/activities/throughout.ts';
import type { CheckResult, CheckStatus, PlannedCheck } from '../../src/release/check.ts';
import { VirtualClock } from './virtual-clock.ts';

const minute = 60_000;
const fromMs = 1_000_000;
const untilMs = fromMs + 15 * minute;

function planned(name: string): PlannedCheck {
  return { name, kind: 'http', critical: true, withinMs: 0, everyMs: 1000, remedy: null, spec: {} };
}

function result(name: string, status: CheckStatus, summary = ''): CheckResult {
  return { name, kind: 'http', critical: true, status, summary, evidence: '', durationMs: 1, tries: 1 };
}

type Watched = {
  asked: Throughout;
  rounds: AskedSoFar[];
  /** Minutes after the beginning at which a check was asked. */
  at: number[];
};

type Trial = {
  names?: string[];
  answer: (name: string, atMinute: number) => CheckStatus | Promise<CheckStatus>;
  resume?: AskedSoFar | null;
  startMs?: number;
  ends?: AbortSignal;
  signal?: AbortSignal;
  clock?: VirtualClock;
};

/** Watches 15 minutes, asking every minute. */
async function watch({ names = ['alarms'], answer, ...more }: Trial): Promise<Watched> {
  const clock = more.clock ?? new VirtualClock(more.startMs ?? fromMs);
  const rounds: AskedSoFar[] = [];
  const at: number[] = [];
  const work = askThroughout({
    throughout: { everyMs: minute, checks: names.map(planned) },
    fromMs,
    untilMs,
    clock,
    signal: more.signal ?? new AbortController().signal,
    ends: more.ends ?? new AbortController().signal,
    resume: more.resume ?? null,
    ask: async (either) => {
      const one = async (name: string): Promise<CheckResult> => {
        either.throwIfAborted();
        const atMinute = (clock.now() - fromMs) / minute;
        at.push(atMinute);
        return result(name, await answer(name, atMinute), `minute ${Math.floor(atMinute)}`);
      };
      return await Promise.all(names.map(one));
    },
    onRound: (asked) => rounds.push(asked),
  });
  return { asked: await clock.drive(work), rounds, at };
}

it('asks every minute of the stretch and reports the newest answer', async () => {
  const { asked, at } = await watch({ answer: () => 'PASS' });
  expect(at).toEqual(Array.from({ length: 15 }, (_, index) => index));
  expect(asked).toMatchObject({ unwatchedMs: 0, failed: false });
  expect(asked.results.map(({ summary }) => summary)).toEqual(['minute 14']);
});

it('ends at the first failure instead of waiting for the point', async () => {
  const { asked, at } = await watch({
    names: ['alarms', 'cpu'],
    answer: (name, atMinute) => (name === 'cpu' && atMinute >= 4 ? 'FAIL' : 'PASS'),
  });
  expect(asked.failed).toBe(true);
  expect(asked.results.map(({ status }) => status)).toEqual(['PASS', 'FAIL']);
  expect(Math.max(...at)).toBe(4);
});

it('does not end at a warning', async () => {
  const { asked } = await watch({ answer: () => 'WARN' });
  expect(asked).toMatchObject({ failed: false, unwatchedMs: 0 });
});

it('counts what could not be asked as unwatched, and lets the last measured answer stand', async () => {
  const { asked } = await watch({ answer: (_, atMinute) => (atMinute >= 12 ? 'PENDING' : 'PASS') });
  expect(asked.unwatchedMs).toBe(3 * minute);
  expect(asked.failed).toBe(false);
  expect(asked.results[0]).toMatchObject({ status: 'PASS', summary: 'minute 11' });
});

it('says PENDING of a check that had no answer in the whole stretch', async () => {
  const { asked } = await watch({
    names: ['alarms', 'cpu'],
    answer: (name) => (name === 'cpu' ? 'PENDING' : 'PASS'),
  });
  expect(asked.unwatchedMs).toBe(15 * minute);
  expect(asked.results.map(({ status }) => status)).toEqual(['PASS', 'PENDING']);
});

it('goes on after a crash with what was unwatched before, and counts the time in between', async () => {
  // Rounds 0 to 3 were asked, one without an answer; the next attempt begins in minute 9.
  const resume = { next: 4, unwatchedMs: [minute] };
  const { asked, at } = await watch({ answer: () => 'PASS', resume, startMs: fromMs + 9.5 * minute });
  expect(asked.unwatchedMs).toBe(6 * minute);
  expect(at[0]).toBe(9.5);
  expect(at).toHaveLength(6);
});

it('asks nothing more of a stretch that ended while no worker ran', async () => {
  const { asked, at } = await watch({ answer: () => 'FAIL', startMs: untilMs + minute });
  expect(at).toEqual([]);
  expect(asked).toEqual({ results: [], unwatchedMs: 15 * minute, failed: false });
});

it('tells after each round how far it is, so that nothing is asked twice', async () => {
  const { rounds } = await watch({ answer: () => 'PASS' });
  expect(rounds.map(({ next }) => next)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
});

it('leaves out rounds that pass while a check takes its time', async () => {
  const clock = new VirtualClock(fromMs);
  const { asked, at } = await watch({
    clock,
    answer: async (): Promise<CheckStatus> => {
      await clock.sleep(2.5 * minute);
      return 'PASS';
    },
  });
  expect(at).toEqual([0, 3, 6, 9, 12]);
  expect(asked.unwatchedMs).toBe(0);
});

it('stops without a failure when somebody else found something', async () => {
  const ends = new AbortController();
  const { asked } = await watch({
    ends: ends.signal,
    answer: (_, atMinute) => {
      if (atMinute >= 2) ends.abort();
      return 'PASS';
    },
  });
  expect(asked).toMatchObject({ failed: false, unwatchedMs: 0 });
  expect(asked.results[0]?.summary).toBe('minute 2');
});

it('throws when it is cancelled', async () => {
  const cancelled = new AbortController();
  const watching = watch({
    signal: cancelled.signal,
    answer: (_, atMinute) => {
      if (atMinute >= 2) cancelled.abort(new Error('halted'));
      return 'PASS';
    },
  });
  await expect(watching).rejects.toThrow('halted');
});

it('throws what is a defect of a check', async () => {
  const watching = watch({
    answer: () => {
      throw new TypeError('broken');
    },
  });
  await expect(watching).rejects.toThrow('broken');
});
