import type { Handling, PlannedCriterion, PlannedWatch, Raisable } from '../release/plan.ts';
import type { WrittenRelease } from './schema/release.schema.ts';
import type { WrittenLimit, WrittenRaised } from './schema/watching.schema.ts';

type WrittenWatch = NonNullable<WrittenRelease['watch']>;

/** Everything of a watch that is not its schedule, its probe or its checks. */
export function watchingOf(written: WrittenWatch): Partial<PlannedWatch> {
  const { baseline, falseAlarms, raised, priorities, checklists, maxUnwatchedEarly: early } = written;
  const raisable = Object.entries(raised).map(([name, given]) => raisableOf(name, given));
  return {
    falseAlarms,
    early: { maxMs: early.time, withinMs: early.within },
    ...(baseline === undefined ? {} : { baselineMs: baseline }),
    ...(raisable.length === 0 ? {} : { raised: raisable }),
    ...(priorities === undefined ? {} : { priorities }),
    ...(checklists.length === 0
      ? {}
      : { checklists: checklists.map(({ name, after, items }) => ({ name, afterMs: after, items })) }),
  };
}

export function plannedLimit(written: WrittenLimit): PlannedCriterion {
  const { name, measure, consult, rollBack, against, for: forMs, advise } = written;
  return {
    name,
    measure,
    rollBackAbove: amountOf(rollBack),
    consultAbove: amountOf(consult),
    ...(against === undefined ? {} : { against }),
    ...(forMs === undefined ? {} : { forMs }),
    ...(advise === undefined ? {} : { advise }),
    ...handlingOf(written),
  };
}

function amountOf(limit: WrittenLimit['consult']): number | null {
  if (limit === undefined) return null;
  return 'percent' in limit ? limit.percent : limit.ms;
}

function raisableOf(name: string, written: WrittenRaised): Raisable {
  if (typeof written === 'string') return { name, verdict: verdictOf(written) };
  return { name, verdict: verdictOf(written.does), ...handlingOf(written) };
}

function verdictOf(band: 'consult' | 'rollBack'): Raisable['verdict'] {
  return band === 'rollBack' ? 'roll back' : 'consult';
}

function handlingOf({ trust, priority, incident }: Exclude<WrittenRaised, string> | WrittenLimit): Handling {
  return {
    ...(trust === 'auto' ? {} : { trust }),
    ...(priority === undefined ? {} : { priority }),
    ...(incident === undefined ? {} : { incident }),
  };
}
