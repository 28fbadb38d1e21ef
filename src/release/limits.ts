import type { Interval } from './intervals.ts';
import type { Judgement, Verdict } from './verdict.ts';

/** One value with limits of its own. `worse`: on which side of a limit the bad values are. `n`: samples behind it. */
export type Limited = {
  criterion: string;
  /** Name of what was measured, as people are told it. */
  measure: string;
  unit: Judgement['unit'];
  value: number;
  n: number;
  worse: 'above' | 'below';
  limits: { consult?: number | undefined; rollBack?: number | undefined };
  /** Where the value comes from, such as `median of 3 runs, 81 to 93`. */
  said?: string;
  interval?: Interval;
};

/** Judges one value; one that equals a limit is within it. The limit for going back is looked at first. */
export function judgeLimited(limited: Limited): Judgement {
  const { criterion, unit, value, n, worse, limits, interval } = limited;
  const { consult, rollBack } = limits;
  const isBeyond = (limit: number | undefined): limit is number =>
    limit !== undefined && (worse === 'above' ? value > limit : value < limit);
  const base = { criterion, value, unit, n, ...(interval === undefined ? {} : { interval }) };
  const said = (verdict: Verdict, limit: number | null, relation: string): Judgement => {
    const what = `${limited.measure} ${inUnit(value, unit)}${limited.said === undefined ? '' : ` (${limited.said})`}`;
    return { ...base, verdict, limit, explanation: `${what} is ${relation}` };
  };
  if (isBeyond(rollBack)) {
    return said('roll back', rollBack, `${worse} the limit of ${inUnit(rollBack, unit)} for rolling back`);
  }
  if (isBeyond(consult)) return said('consult', consult, `${worse} the limit of ${inUnit(consult, unit)} for asking`);
  const limit = consult ?? rollBack ?? null;
  return said('proceed', limit, limit === null ? 'recorded only' : `within the limit of ${inUnit(limit, unit)}`);
}

/** What could not be measured is neither good nor bad; `why` says what a person can do. */
export function unjudged(criterion: string, unit: Judgement['unit'], why: string): Judgement {
  return { criterion, verdict: 'unknown', value: null, unit, n: 0, limit: null, explanation: why };
}

function inUnit(value: number, unit: Judgement['unit']): string {
  const rounded = Math.round(value * 1_000) / 1_000;
  return unit === '' ? String(rounded) : `${rounded} ${unit}`;
}
