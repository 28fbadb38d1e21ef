import { Context } from '@temporalio/activity';
import type { Clock } from '../checks/clock.ts';
import type { CheckResult } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import { atBoundary, type Discretion } from './boundary.ts';
import { discreetLog, resolved } from './calling.ts';
import { askOne, runChecks } from './checks.ts';
import { keepingEvidence, lineOf } from './evidence.ts';
import type { Watched, WatchInput } from './inputs.ts';
import { explained, httpProbe } from './measure.ts';
import { type Collected, collect, type Sampling } from './sampling.ts';
import { type AskedSoFar, askThroughout, type Throughout } from './throughout.ts';

/**
 * Watches from one reported point to the next: samples without a pause and asks what is asked throughout, asks the
 * checks at the end, and returns early when the newest samples call for going back or a check throughout fails. After a
 * crash it goes on from its last heartbeat. Every sample and answer is kept in `records`.
 */
export async function watchPoint(input: WatchInput, clock: Clock): Promise<Watched> {
  const { place, watch, fromMs, untilMs, baseline = null } = input;
  const name = `watch-${new Date(fromMs).toISOString().replaceAll(/[:.]/g, '-')}`;
  const { attempt } = Context.current().info;
  const head = { watch: watch.probe?.name ?? null, everyMs: watch.probe?.everyMs ?? null, fromMs, untilMs };
  const summaryOf = ({ signals: _, ...point }: Watched): Json => ({ ...point, baseline });
  const order = { place, name, attempt, head, summaryOf };
  const { result, kept } = await keepingEvidence(order, (add) => watchStretch(input, clock, add));
  return { ...result, ...kept };
}

type Add = (line: Json) => void;

async function watchStretch(input: WatchInput, clock: Clock, add: Add): Promise<Watched> {
  const { watch, untilMs, fromMs } = input;
  let progress: Json = null;
  const { collected, asked } = await atBoundary(async (discretion) => {
    const found = await between(input, { clock, discretion, add });
    progress = discretion.progress;
    return found;
  });
  const ended = collected?.alarm != null || asked?.failed === true;
  const atTheEnd = ended || watch.checks.length === 0 ? [] : await askAtTheEnd(input, clock, progress);
  const unwatched = [collected?.unwatchedMs, asked?.unwatchedMs].filter((ms) => ms !== undefined);
  // Without anything between, the checks are all that is watched; a stretch without any answer was not watched.
  const blindMs = atTheEnd.some(({ status }) => status !== 'PENDING') ? 0 : untilMs - fromMs;
  return {
    at: new Date(ended ? clock.now() : untilMs).toISOString(),
    samples: collected?.samples ?? 0,
    unwatchedMs: unwatched.length === 0 ? blindMs : Math.max(...unwatched),
    judgements: collected?.judgements ?? [],
    checks: [...(asked?.results ?? []), ...atTheEnd],
    ...(collected === null ? {} : { signals: collected.signals }),
  };
}

/** Beats with what was sampled, so that an attempt that dies here loses none of it. */
async function askAtTheEnd({ place, watch, untilMs }: WatchInput, clock: Clock, sampled: Json): Promise<CheckResult[]> {
  const leftMs = untilMs - clock.now();
  if (leftMs > 0) await atBoundary(() => clock.sleep(leftMs, Context.current().cancellationSignal), sampled);
  return await runChecks({ place, checks: watch.checks, pendingForMs: 0 }, clock, sampled);
}

/** What heartbeats carry: the samples, and beside them what is asked throughout. */
type Progress = { sampling: Sampling | null; asked: AskedSoFar | null };

type Around = { clock: Clock; discretion: Discretion; add: Add };
type Hands = Around & { progress: Progress; ends: AbortController };

/** The probe and the checks throughout at the same time; whichever finds something ends the other. */
async function between(
  input: WatchInput,
  around: Around,
): Promise<{ collected: Collected | null; asked: Throughout | null }> {
  const progress = progressIn(Context.current().info.heartbeatDetails);
  const hands = { ...around, progress, ends: new AbortController() };
  const sampling = ending(hands.ends, sample(input, hands), (found) => found?.alarm != null);
  const asking = ending(hands.ends, ask(input, hands), (found) => found?.failed === true);
  const [collected, asked] = await Promise.allSettled([sampling, asking]);
  if (collected.status === 'rejected') throw collected.reason;
  if (asked.status === 'rejected') throw asked.reason;
  return { collected: collected.value, asked: asked.value };
}

/** An error ends the other as well: this attempt is over. */
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

const usualFalseAlarms = 0.01;

async function sample(input: WatchInput, hands: Hands): Promise<Collected | null> {
  const { place, watch, fromMs, untilMs, wholeMs = untilMs - fromMs, baseline = null, signals = null } = input;
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
    watching: { wholeMs, baseline, signals, falseAlarms: watch.falseAlarms ?? usualFalseAlarms },
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

async function ask({ place, watch, fromMs, untilMs }: WatchInput, hands: Hands): Promise<Throughout | null> {
  const { throughout } = watch;
  if (throughout === undefined) return null;
  const { clock, discretion, progress, ends, add } = hands;
  const { cancellationSignal: signal } = Context.current();
  return await askThroughout({
    throughout,
    fromMs,
    untilMs,
    clock,
    signal,
    ends: ends.signal,
    resume: progress.asked,
    ask: async (planned, either) => {
      const result = await askOne(planned, { place, clock, discretion, signal: either });
      add({ atMs: clock.now(), check: result.name, status: result.status, summary: result.summary });
      return result;
    },
    onRound: (asked) => {
      progress.asked = asked;
      discretion.progress = asJson(progress);
    },
  });
}

function asJson({ sampling, asked }: Progress): Json {
  return { ...sampling, ...(asked === null ? {} : { throughout: asked }) };
}

function progressIn(details: unknown): Progress {
  const kept: object = typeof details === 'object' && details !== null ? details : {};
  const asked: unknown = Reflect.get(kept, 'throughout');
  return { sampling: isSampling(kept) ? kept : null, asked: isAsked(asked) ? asked : null };
}

function isSampling(details: object): details is Sampling {
  return 'format' in details && details.format === 1;
}

function isAsked(details: unknown): details is AskedSoFar {
  return typeof details === 'object' && details !== null && 'next' in details && 'unwatchedMs' in details;
}
