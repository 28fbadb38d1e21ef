import type { CheckResult, PlannedCheck } from '../release/check.ts';
import { isMissed } from '../release/suite.ts';
import { excerpt } from './answer.ts';
import { newRun, withRun } from './run-value.ts';

/** `ask`: asks one check; it throws only for a bug, and the signal's reason. `began`, `ended`: for those who show it. */
export type Asker = {
  ask(planned: PlannedCheck, signal: AbortSignal): Promise<CheckResult>;
  signal: AbortSignal;
  began?(planned: PlannedCheck): void;
  ended?(result: CheckResult): void;
};

/** Checks that run at the same time at most. */
const most = 8;

/** After an abort the way back waits for what is cleaned up, so it must be short. */
const cleaningAfterAbortMs = 5_000;
/** Otherwise nobody waits. Both are for all of them together. */
const cleaningMs = 120_000;

/**
 * Asks a list of checks: each after what it needs, those that may together, all others alone and in order. What needs a
 * check that failed is PENDING and not asked. Checks that clean up are asked at the end, whatever happened, for every
 * group of which something was asked. `${run}` is the same in all of them.
 *
 * @returns results in the order of the list
 * @throws the signal's reason when aborted, and bugs; what cleans up was asked all the same
 */
export async function askAll(planned: readonly PlannedCheck[], asker: Asker): Promise<CheckResult[]> {
  const run = newRun();
  const checks = planned.map((check) => ({ ...check, spec: withRun(check.spec, run) }));
  const cleaning = checks.filter(({ cleansUp }) => cleansUp === true);
  const asked: Asked = {
    waiting: checks.filter((check) => !cleaning.includes(check)),
    running: new Map(),
    results: new Map(),
    begun: new Set(),
  };
  try {
    await askInOrder(asked, asker);
  } finally {
    await cleanUp(cleaning, asked, asker);
  }
  return checks.flatMap((check) => asked.results.get(check) ?? []);
}

type Asked = {
  waiting: PlannedCheck[];
  running: Map<PlannedCheck, Promise<void>>;
  results: Map<PlannedCheck, CheckResult>;
  /** Groups of which something was asked. */
  begun: Set<string | undefined>;
};

async function askInOrder(asked: Asked, asker: Asker): Promise<void> {
  const ends = new AbortController();
  const signal = AbortSignal.any([asker.signal, ends.signal]);
  try {
    while (asked.waiting.length > 0 || asked.running.size > 0) {
      signal.throwIfAborted();
      beginWhatMay(asked, { ...asker, signal });
      if (asked.running.size > 0) await Promise.race(asked.running.values());
    }
  } catch (error) {
    ends.abort(error);
    await Promise.allSettled(asked.running.values());
    throw error;
  }
}

function beginWhatMay(asked: Asked, asker: Asker): void {
  for (let check = nextOf(asked); check !== undefined; check = nextOf(asked)) {
    asked.waiting.splice(asked.waiting.indexOf(check), 1);
    const missed = needsOf(check, asked).find(isMissed);
    if (missed !== undefined) note({ asked, asker, check }, notAsked(check, missed));
    else asked.running.set(check, run(check, asked, asker));
  }
  if (asked.running.size === 0 && asked.waiting.length > 0) {
    throw new TypeError(`checks need each other: ${asked.waiting.map(({ name }) => name).join(', ')}`);
  }
}

/** The first that may begin now. Nothing overtakes a check that only waits for others to end. */
function nextOf(asked: Asked): PlannedCheck | undefined {
  const { waiting, running } = asked;
  const ready = waiting.find((check) => isReady(check, asked));
  if (ready === undefined || running.size === 0) return ready;
  const together = [ready, ...running.keys()].every(({ parallel }) => parallel === true);
  return together && running.size < most ? ready : undefined;
}

/** A need that is not in the list holds up nobody. */
function isReady(check: PlannedCheck, { waiting, running }: Asked): boolean {
  const open = [...waiting, ...running.keys()];
  return !open.some(({ name }) => check.needs?.includes(name));
}

function needsOf({ needs = [] }: PlannedCheck, { results }: Asked): CheckResult[] {
  return [...results.values()].filter(({ name }) => needs.includes(name));
}

async function run(check: PlannedCheck, asked: Asked, asker: Asker): Promise<void> {
  asked.begun.add(check.group);
  asker.began?.(check);
  const result = await asker.ask(check, asker.signal);
  asked.running.delete(check);
  note({ asked, asker, check }, { ...result, ...placeOf(check) });
}

type About = { asked: Asked; asker: Asker; check: PlannedCheck };

function note({ asked, asker, check }: About, result: CheckResult): void {
  asked.results.set(check, result);
  asker.ended?.(result);
}

function placeOf({ group, cleansUp }: PlannedCheck): Pick<CheckResult, 'group' | 'cleansUp'> {
  return { ...(group === undefined ? {} : { group }), ...(cleansUp === true ? { cleansUp } : {}) };
}

function notAsked(check: PlannedCheck, missed: CheckResult): CheckResult {
  const { name, kind, critical } = check;
  return {
    status: 'PENDING',
    summary: `not asked, because it needs ${missed.name}, which is ${missed.status}`,
    evidence: '',
    remedy: `see to ${missed.name} first`,
    name,
    kind,
    critical,
    durationMs: 0,
    tries: 0,
    ...placeOf(check),
  };
}

/** What is left behind is worth knowing and nothing to go back for: rows of checks are marked. Never throws. */
async function cleanUp(cleaning: readonly PlannedCheck[], asked: Asked, asker: Asker): Promise<void> {
  const limit = soonAfter(asker.signal);
  for (const check of cleaning.filter(({ group }) => asked.begun.has(group))) {
    const result = await cleanUpBy(check, { ...asker, signal: limit.signal });
    const good = result.status === 'PASS' || result.status === 'WARN';
    const summary = good ? result.summary : `not cleaned up: ${result.summary}`;
    note({ asked, asker, check }, { ...result, summary, status: good ? result.status : 'WARN', ...placeOf(check) });
  }
  limit.release();
}

async function cleanUpBy(check: PlannedCheck, { ask, began, signal }: Asker): Promise<CheckResult> {
  const { name, kind, critical } = check;
  began?.(check);
  try {
    return await ask(check, signal);
  } catch (error) {
    const why = error instanceof Error ? error.name : 'unknown';
    const summary = signal.aborted ? 'not cleaned up: there was no time' : `not cleaned up: ${excerpt(why)}`;
    const remedy = 'clean up with savepoint check --cleanup';
    return { status: 'WARN', summary, evidence: '', remedy, name, kind, critical, durationMs: 0, tries: 1 };
  }
}

/** A signal that outlives an abort for a short while. */
function soonAfter(signal: AbortSignal): { signal: AbortSignal; release: () => void } {
  const own = new AbortController();
  const timers = [setTimeout(() => own.abort(), cleaningMs)];
  const shorten = (): void => void timers.push(setTimeout(() => own.abort(), cleaningAfterAbortMs));
  if (signal.aborted) shorten();
  else signal.addEventListener('abort', shorten, { once: true });
  const release = (): void => {
    signal.removeEventListener('abort', shorten);
    for (const timer of timers) clearTimeout(timer);
  };
  return { signal: own.signal, release };
}
