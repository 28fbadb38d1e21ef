import { Context } from '@temporalio/activity';
import type { Clock } from '../checks/clock.ts';
import { askAll } from '../checks/suite.ts';
import type { CheckResult, PlannedCheck } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import type { SignalStates } from '../release/signals.ts';
import { atBoundary, type Discretion } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import { askOne, runChecks } from './checks.ts';
import { keepingEvidence, lineOf, stampOf } from './evidence.ts';
import type { Watched, WatchInput } from './inputs.ts';
import type { Watching } from './judging.ts';
import { explained, httpProbe } from './measure.ts';
import { type Collected, collect, type Sampling } from './sampling.ts';
import { askSynthetic, type Synthetic, type SyntheticSoFar } from './synthetic.ts';
import { type AskedSoFar, askThroughout, type Throughout } from './throughout.ts';

/**
 * Watches from one reported point to the next: samples without a pause and asks what is asked throughout, asks the
 * checks at the end, and returns early when the newest samples call for going back or a check throughout fails. After a
 * crash it goes on from its last heartbeat. Every sample and answer is kept in `records`.
 */
export async function watchPoint(input: WatchInput, clock: Clock): Promise<Watched> {
  const { place, watch, fromMs, untilMs, baseline = null } = input;
  const name = `watch-${stampOf(fromMs)}`;
  const { attempt } = Context.current().info;
  const head = { watch: watch.probe?.name ?? null, everyMs: watch.probe?.everyMs ?? null, fromMs, untilMs };
  const summaryOf = ({ signals: _, syntheticSignals: __, ...point }: Watched): Json => ({ ...point, baseline });
  const order = { place, name, attempt, head, summaryOf };
  const { result, kept } = await keepingEvidence(order, (add) => watchStretch(input, clock, add));
  return { ...result, ...kept };
}

type Add = (line: Json) => void;

async function watchStretch(input: WatchInput, clock: Clock, add: Add): Promise<Watched> {
  const { watch, untilMs, fromMs } = input;
  let progress: Json = null;
  const { collected, asked, synthetic } = await atBoundary(async (discretion) => {
    const found = await between(input, { clock, discretion, add });
    progress = discretion.progress;
    return found;
  });
  const ended = collected?.alarm != null || asked?.failed === true || synthetic?.alarm != null;
  const atTheEnd = ended || watch.checks.length === 0 ? [] : await askAtTheEnd(input, clock, progress);
  const unwatched = [collected, asked, synthetic].map((found) => found?.unwatchedMs).filter((ms) => ms !== undefined);
  // Without anything between, the checks are all that is watched; a stretch without any answer was not watched.
  const blindMs = atTheEnd.some(({ status }) => status !== 'PENDING') ? 0 : untilMs - fromMs;
  return {
    at: new Date(ended ? clock.now() : untilMs).toISOString(),
    samples: collected?.samples ?? 0,
    unwatchedMs: unwatched.length === 0 ? blindMs : Math.max(...unwatched),
    judgements: [...(collected?.judgements ?? []), ...(synthetic?.judgements ?? [])],
    checks: [...(asked?.results ?? []), ...atTheEnd],
    ...(collected === null ? {} : { signals: collected.signals }),
    ...(synthetic === null ? {} : { synthetic: synthetic.samples, syntheticSignals: synthetic.signals }),
  };
}

/** Beats with what was sampled, so that an attempt that dies here loses none of it. */
async function askAtTheEnd({ place, watch, untilMs }: WatchInput, clock: Clock, sampled: Json): Promise<CheckResult[]> {
  const leftMs = untilMs - clock.now();
  if (leftMs > 0) await atBoundary(() => clock.sleep(leftMs, Context.current().cancellationSignal), sampled);
  return await runChecks({ place, checks: watch.checks, pendingForMs: 0 }, clock, sampled);
}

/** What heartbeats carry: the samples, and beside them what is asked throughout and as traffic of our own. */
type Progress = { sampling: Sampling | null; asked: AskedSoFar | null; synthetic: SyntheticSoFar | null };

type Around = { clock: Clock; discretion: Discretion; add: Add };
type Hands = Around & { progress: Progress; ends: AbortController };

/** The probe and both kinds of checks at the same time; whichever finds something ends the others. */
async function between(
  input: WatchInput,
  around: Around,
): Promise<{ collected: Collected | null; asked: Throughout | null; synthetic: Synthetic | null }> {
  const progress = progressIn(Context.current().info.heartbeatDetails);
  const hands = { ...around, progress, ends: new AbortController() };
  const sampling = ending(hands.ends, sample(input, hands), (found) => found?.alarm != null);
  const asking = ending(hands.ends, ask(input, hands), (found) => found?.failed === true);
  const traffic = ending(hands.ends, askTraffic(input, hands), (found) => found?.alarm != null);
  const [collected, asked, synthetic] = await Promise.allSettled([sampling, asking, traffic]);
  if (collected.status === 'rejected') throw collected.reason;
  if (asked.status === 'rejected') throw asked.reason;
  if (synthetic.status === 'rejected') throw synthetic.reason;
  return { collected: collected.value, asked: asked.value, synthetic: synthetic.value };
}

/** An error ends the others as well: this attempt is over. */
async function ending<T>(ends: AbortController, work: Promise<T>, isEnough: (found: T) => boolean): Promise<T> {
  try {
    const found = await work;
    if (isEnough(found)) ends.abort();
    return found;
  } catch (error) {
    ends.abort();
    throw error;
  }
}

async function sample(input: WatchInput, hands: Hands): Promise<Collected | null> {
  const { place, watch, fromMs, untilMs, signals = null } = input;
  if (watch.probe === null) return null;
  const { clock, discretion, progress, ends, add } = hands;
  const { cancellationSignal: signal } = Context.current();
  const { home, version, records } = place;
  const spec = await resolved(watch.probe.spec, place, discretion);
  const probe = await httpProbe({ spec, home, version, records, signal, log: discreetLog(discretion) });
  const found = await collect({
    probe,
    everyMs: watch.probe.everyMs,
    fromMs,
    untilMs,
    criteria: watch.criteria,
    minimumSamples: watch.minimumSamples,
    watching: watchingOf(input, signals),
    clock,
    signal,
    ends: ends.signal,
    resume: progress.sampling,
    onSample: (timed, said) => add(discretion.redact(lineOf(timed, said))),
    onHeartbeat: (sampling) => {
      progress.sampling = sampling;
      discretion.progress = asJson(progress);
    },
  });
  return { ...found, judgements: discretion.redact(explained(found)) };
}

const usualFalseAlarms = 0.01;

/** Where both the probe and traffic of our own are judged, each may raise half of the false alarms. */
function watchingOf(input: WatchInput, signals: SignalStates | null): Watching {
  const { watch, fromMs, untilMs, wholeMs = untilMs - fromMs, baseline = null } = input;
  const both = watch.probe !== null && watch.synthetic !== undefined;
  return { wholeMs, baseline, signals, falseAlarms: (watch.falseAlarms ?? usualFalseAlarms) / (both ? 2 : 1) };
}

async function ask({ place, watch, fromMs, untilMs }: WatchInput, hands: Hands): Promise<Throughout | null> {
  const { throughout } = watch;
  if (throughout === undefined) return null;
  const { clock, discretion, progress, ends } = hands;
  const { cancellationSignal: signal } = Context.current();
  const asking = { place, clock, discretion };
  return await askThroughout({
    throughout,
    fromMs,
    untilMs,
    clock,
    signal,
    ends: ends.signal,
    resume: progress.asked,
    ask: async (either) => {
      const one = (planned: PlannedCheck) => askOne(planned, { ...asking, signal: either });
      return keptBy(hands, await Promise.all(throughout.checks.map(one)), {});
    },
    onRound: (asked) => {
      progress.asked = asked;
      discretion.progress = asJson(progress);
    },
  });
}

async function askTraffic(input: WatchInput, hands: Hands): Promise<Synthetic | null> {
  const { place, watch, fromMs, untilMs, syntheticSignals = null } = input;
  const { synthetic } = watch;
  if (synthetic === undefined) return null;
  const { clock, discretion, progress, ends } = hands;
  const { cancellationSignal: signal } = Context.current();
  return await askSynthetic({
    watch,
    synthetic,
    // What is normal for the probe says nothing about smoke checks.
    watching: { ...watchingOf(input, syntheticSignals), baseline: null },
    fromMs,
    untilMs,
    clock,
    signal,
    ends: ends.signal,
    resume: progress.synthetic,
    ask: async (either) => {
      const one = (planned: PlannedCheck, each: AbortSignal) =>
        askOne(planned, { place, clock, discretion, signal: each });
      return keptBy(hands, await askAll(synthetic.checks, { ask: one, signal: either }), { synthetic: true });
    },
    onRound: (soFar) => {
      progress.synthetic = soFar;
      discretion.progress = asJson(progress);
    },
  });
}

/** The results as they are, after they were kept. */
function keptBy({ add, clock }: Hands, results: CheckResult[], more: { synthetic?: true }): CheckResult[] {
  for (const { name, status, summary } of results) add({ atMs: clock.now(), check: name, status, summary, ...more });
  return results;
}

function asJson({ sampling, asked, synthetic }: Progress): Json {
  return {
    ...sampling,
    ...(asked === null ? {} : { throughout: asked }),
    ...(synthetic === null ? {} : { synthetic }),
  };
}

function progressIn(details: unknown): Progress {
  const kept: object = typeof details === 'object' && details !== null ? details : {};
  const asked: unknown = Reflect.get(kept, 'throughout');
  const synthetic: unknown = Reflect.get(kept, 'synthetic');
  return {
    sampling: isSampling(kept) ? kept : null,
    asked: isAsked(asked) ? asked : null,
    synthetic: isSynthetic(synthetic) ? synthetic : null,
  };
}

function isSampling(details: object): details is Sampling {
  return 'format' in details && details.format === 1;
}

function isAsked(details: unknown): details is AskedSoFar {
  return typeof details === 'object' && details !== null && 'next' in details && 'unwatchedMs' in details;
}

function isSynthetic(details: unknown): details is SyntheticSoFar {
  return typeof details === 'object' && details !== null && 'asked' in details && 'signals' in details;
}
