import { expect, it } from 'vitest';
import { askSynthetic, type Synthetic, type SyntheticSoFar } from '../../src/activities/synthetic.ts';
import type { CheckResult, CheckStatus, PlannedCheck } from '../../src/release/check.ts';
import type { PlannedCriterion, PlannedWatch } from '../../src/release/plan.ts';
import { VirtualClock } from './virtual-clock.ts';

const hour = 3_600_000;
const fromMs = 1_000_000;

function planned(name: string): PlannedCheck {
  return { name, kind: 'flow', critical: true, withinMs: 0, everyMs: 1000, remedy: null, spec: {} };
}

const errors: PlannedCriterion = { name: 'errors', measure: 'errors', rollBackAbove: 10, consultAbove: null };
const slow: PlannedCriterion = { name: 'p95', measure: 'p95', rollBackAbove: 800, consultAbove: null };

type Trial = {
  answer: (round: number, name: string) => CheckStatus;
  criteria?: PlannedCriterion[];
  resume?: SyntheticSoFar | undefined;
  minimumSamples?: number;
};

/** Two smoke checks, asked each half minute for an hour. */
async function traffic(trial: Trial): Promise<{ found: Synthetic; rounds: SyntheticSoFar[] }> {
  const { answer, criteria = [errors, slow], resume = null, minimumSamples = 20 } = trial;
  const clock = new VirtualClock(fromMs);
  const synthetic = { everyMs: 30_000, checks: ['sign in', 'order'].map(planned) };
  const watch: PlannedWatch = {
    stretches: [{ everyMs: hour, forMs: hour }],
    probe: null,
    criteria,
    checks: [],
    synthetic,
    minimumSamples,
    maxUnwatched: 0.1,
    reviewAfterMs: null,
  };
  const rounds: SyntheticSoFar[] = [];
  const signal = new AbortController().signal;
  const work = askSynthetic({
    watch,
    synthetic,
    watching: { wholeMs: hour, falseAlarms: 0.01, baseline: null, signals: null },
    fromMs,
    untilMs: fromMs + hour,
    clock,
    signal,
    ends: signal,
    resume,
    ask: async () => {
      const round = Math.round((clock.now() - fromMs) / 30_000);
      return synthetic.checks.map(({ name }): CheckResult => {
        const status = answer(round, name);
        const summary = status === 'PASS' ? 'fine' : 'the page is empty';
        return { name, kind: 'flow', critical: true, status, summary, evidence: '', durationMs: 2_000, tries: 1 };
      });
    },
    onRound: (soFar) => rounds.push(soFar),
  });
  return { found: await clock.drive(work), rounds };
}

it('counts each answer as a sample of errors, and judges no times by it', async () => {
  const { found } = await traffic({ answer: () => 'PASS' });
  expect(found).toMatchObject({ samples: 240, unwatchedMs: 0, alarm: null });
  expect(found.judgements).toMatchObject([{ criterion: 'errors (synthetic)', verdict: 'proceed', value: 0, n: 240 }]);
});

it('does not act because one of many failed', async () => {
  const { found } = await traffic({ answer: (round) => (round === 50 ? 'FAIL' : 'PASS') });
  expect(found.alarm).toBeNull();
  expect(found.samples).toBe(240);
});

it('ends long before the report when what fails is beyond doubt, and says what failed', async () => {
  const { found, rounds } = await traffic({
    answer: (round, name) => (round >= 20 && name === 'order' ? 'FAIL' : 'PASS'),
  });
  expect(found.alarm).toMatchObject({ criterion: 'errors (synthetic)', verdict: 'roll back' });
  expect(rounds.length).toBeLessThan(60);
  expect(found.judgements[0]?.explanation).toContain('last: order: the page is empty');
});

it('does not count what could not be asked, and the time as unwatched', async () => {
  const { found } = await traffic({ answer: (round) => (round < 60 ? 'PENDING' : 'PASS') });
  expect(found).toMatchObject({ samples: 120, unwatchedMs: hour / 2, alarm: null });
});

it('says nothing below the samples that the plan asks for', async () => {
  const { found } = await traffic({ answer: () => 'PASS', minimumSamples: 1_000 });
  expect(found.judgements).toMatchObject([{ verdict: 'unknown' }]);
});

it('goes on from what a worker that died had counted', async () => {
  const { rounds } = await traffic({ answer: () => 'PASS' });
  const { found } = await traffic({ answer: () => 'PASS', resume: rounds[99] });
  expect(found).toMatchObject({ samples: 240 });
});
