import type { Plan } from '../release/plan.ts';
import { percentile } from '../release/statistics.ts';
import { spanMs } from '../release/wording.ts';

/**
 * One stage of a way back that a past release went. `stage`: `restore database`, `beside database` …; `downtimeMs`:
 * users cut off, null where nobody measured that.
 */
export type PastStage = { stage: string; at: string; tookMs: number; downtimeMs: number | null };

/** Median over the last `n` that are on record. */
export type Expected = { ms: number; downtimeMs: number | null; n: number };

/** Stage → how long it will probably take; what is missing was never done. */
export type Expectations = Readonly<Record<string, Expected>>;

/** How many of the newest are looked at: old ones tell of a smaller database. */
const lastOnes = 10;

/** What a report in `records` tells of a way back; nothing where it is no report, or of targets of other kinds. */
export function pastStages(report: unknown, targets: Plan['targets']): PastStage[] {
  const same = (name: string): boolean => {
    const planned = targets.find((each) => each.name === name);
    const saved = listOf(report, 'savepoints').find((each) => field(each, 'target') === name);
    return planned !== undefined && field(saved, 'kind') === planned.kind;
  };
  const restores = listOf(report, 'restored').flatMap((each): PastStage[] => {
    const [target, at, end] = ['target', 'startedAt', 'endedAt'].map((key) => textOf(field(each, key)));
    const tookMs = spanMs(at ?? null, end ?? null);
    if (field(each, 'state') !== 'restored' || !target || !at || tookMs === null || !same(target)) return [];
    const downtime = field(each, 'downtimeMs');
    return [{ stage: `restore ${target}`, at, tookMs, downtimeMs: typeof downtime === 'number' ? downtime : null }];
  });
  return [...restores, ...stagesInTimeline(report, same)];
}

/** Milliseconds that one step of the runbook took, such as `snapshot database`; null where it was not done. */
export function pastStep(report: unknown, id: string): number | null {
  const step = listOf(report, 'steps').find((each) => field(each, 'id') === id && field(each, 'state') === 'done');
  return step === undefined ? null : spanMs(textOf(field(step, 'startedAt')), textOf(field(step, 'endedAt')));
}

/** The timeline names each stage when it begins, and `done: …` when it has ended well. */
function stagesInTimeline(report: unknown, same: (target: string) => boolean): PastStage[] {
  const entries = listOf(report, 'timeline').map((each) => ({
    at: textOf(field(each, 'at')),
    what: textOf(field(each, 'what')) ?? '',
  }));
  return entries.flatMap(({ at, what }, index): PastStage[] => {
    const target = /^(?:beside|hold|resume) (\S+)$/.exec(what)?.[1];
    if (target === undefined || at === null || !same(target)) return [];
    const end = entries.slice(index + 1).find((each) => each.what === `done: ${what}`);
    const tookMs = spanMs(at, end?.at ?? null);
    return tookMs === null ? [] : [{ stage: what, at, tookMs, downtimeMs: null }];
  });
}

/** Medians of the newest stages of each name. */
export function expectationsOf(past: readonly PastStage[]): Expectations {
  const names = [...new Set(past.map(({ stage }) => stage))];
  const newest = (name: string): PastStage[] =>
    past
      .filter(({ stage }) => stage === name)
      .sort((a, b) => b.at.localeCompare(a.at))
      .slice(0, lastOnes);
  return Object.fromEntries(
    names.map((name) => {
      const some = newest(name);
      const cut = some.flatMap(({ downtimeMs }) => (downtimeMs === null ? [] : [downtimeMs]));
      const ms = median(some.map(({ tookMs }) => tookMs)) ?? 0;
      return [name, { ms, downtimeMs: median(cut), n: some.length }];
    }),
  );
}

function median(values: readonly number[]): number | null {
  return percentile(
    values.toSorted((a, b) => a - b),
    50,
  );
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function listOf(value: unknown, key: string): unknown[] {
  const list = field(value, key);
  return Array.isArray(list) ? list : [];
}
