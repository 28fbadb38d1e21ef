import { baselineRisk } from '../release/signals.ts';
import { viewOf } from './failures.ts';
import { sayWhatIsNotKept } from './kept.ts';
import { patiently } from './proxies.ts';
import { note, record, type Story } from './state.ts';

const minute = 60_000;

/** Measures the version that runs before anything is changed. What could not be measured is said, and stops nothing. */
export async function measureBaseline(story: Story): Promise<void> {
  const { watch } = story.input.plan;
  if (watch?.baselineMs === undefined || watch.probe === null) return;
  if (story.status.changed.length > 0) {
    return note(story, 'nothing is compared with the version before: an earlier attempt has changed it already');
  }
  const { baselineMs, falseAlarms = 0.01 } = watch;
  const risk = baselineRisk(watch.criteria, falseAlarms);
  const summary = 'measure the running version';
  // An attempt that dies measures anew.
  const hands = patiently(story, { summary, patienceMs: 2 * baselineMs + minute, target: null });
  record(story, summary);
  try {
    const baseline = await hands.baseline({ place: story.place, watch, lengthMs: baselineMs, risk });
    story.status.baseline = baseline;
    sayWhatIsNotKept(story, baseline);
    if (baseline.n < watch.minimumSamples) {
      story.status.baseline = null;
      note(story, `the running version answered ${baseline.n} times only: nothing is compared with it`);
    }
  } catch (error) {
    if (story.status.halt !== null) throw error;
    note(story, `the running version could not be measured: ${viewOf(error).message}`);
  }
}

/**
 * Measures what the performance step compares the release with, in the same way. What could not be measured is said, and
 * stops nothing: later it is a question for people.
 */
export async function measurePerformanceBefore(story: Story): Promise<void> {
  const step = story.input.plan.steps.find(({ activity }) => activity === 'performance');
  const requests = (step?.requests ?? []).filter(({ compares }) => compares);
  const measurements = (step?.measurements ?? []).filter(({ compares }) => compares);
  if (step === undefined || requests.length + measurements.length === 0) return;
  if (story.status.changed.length > 0) {
    return note(story, 'no performance is compared with the version before: an earlier attempt has changed it already');
  }
  const summary = 'measure the performance of the running version';
  const hands = patiently(story, { summary, patienceMs: step.patienceMs, target: null });
  record(story, summary);
  try {
    story.before = await hands.performanceBefore({ place: story.place, requests, measurements });
  } catch (error) {
    if (story.status.halt !== null) throw error;
    note(story, `the performance of the running version could not be measured: ${viewOf(error).message}`);
  }
}
