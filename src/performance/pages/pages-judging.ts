import { judgeLimited, type Limited, unjudged } from '../../release/limits.ts';
import type { Judgement, Unit } from '../../release/verdict.ts';
import type { PagesSpec } from './pages.schema.ts';

/** What is read of a result of Lighthouse (its type `Result`). */
export type PageResult = {
  runWarnings: string[];
  categories: Record<string, { score: number | null } | undefined>;
  audits: Record<string, { numericValue?: number; details?: { type: string; items?: unknown } } | undefined>;
};

type Limits = Limited['limits'];

/** One value of a page: how people call it, and where Lighthouse has it; null where a run did not come to it. */
type Value = {
  measure: string;
  unit: Unit;
  worse: Limited['worse'];
  limits: Limits;
  of: (result: PageResult) => number | null;
};

export type PageFindings = { name: string; spec: PagesSpec; results: readonly PageResult[]; kept: string };

/** Judges the median of each limited value over the runs. `kept`: where the report is, said where something is not good. */
export function judgePage({ name, spec, results, kept }: PageFindings): Judgement[] {
  const slow = results.flatMap(({ runWarnings }) => runWarnings).some((text) => /slower CPU/.test(text));
  const weak = slow ? '; Lighthouse finds the processor of this worker slow, which makes pages look worse' : '';
  return valuesOf(spec).map((value) => {
    const judgement = judgeValue(value, name, results);
    if (judgement.verdict === 'proceed') return judgement;
    return { ...judgement, explanation: `${judgement.explanation}${weak}; ${kept}` };
  });
}

function judgeValue({ of, ...value }: Value, name: string, results: readonly PageResult[]): Judgement {
  const criterion = `${value.measure} of ${name}`;
  const all = results.map(of).filter((each) => each !== null);
  if (all.length * 2 <= results.length) {
    return unjudged(criterion, value.unit, 'Lighthouse has no value for it: could not be judged');
  }
  const sorted = all.sort((a, b) => a - b);
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  const { length: n } = sorted;
  const said = n === 1 ? 'one run' : `median of ${n} runs, ${rounded(least)} to ${rounded(most)}`;
  return judgeLimited({ ...value, criterion, value: rounded(median(sorted)), n, said });
}

function valuesOf(spec: PagesSpec): Value[] {
  const above = { worse: 'above' } as const;
  const timed = (measure: string, limits: Limits | undefined, audit: string): Value[] =>
    limits === undefined ? [] : [{ measure, unit: 'ms', ...above, limits, of: numberOf(audit) }];
  const { score, fcp, lcp, tti, tbt, cls } = spec;
  return [
    ...(score === undefined
      ? []
      : [{ measure: 'score', unit: 'points', worse: 'below', limits: score, of: pointsOf } satisfies Value]),
    ...timed('fcp', fcp, 'first-contentful-paint'),
    ...timed('lcp', lcp, 'largest-contentful-paint'),
    ...timed('tti', tti, 'interactive'),
    ...timed('tbt', tbt, 'total-blocking-time'),
    ...(cls === undefined
      ? []
      : [{ measure: 'cls', unit: '', ...above, limits: cls, of: numberOf('cumulative-layout-shift') } satisfies Value]),
    ...budgetOf(spec.budget ?? {}),
  ];
}

function budgetOf(budget: NonNullable<PagesSpec['budget']>): Value[] {
  const { requests, ...sizes } = budget;
  const values = Object.entries(sizes).flatMap(([type, limits]): Value[] => {
    if (limits === undefined) return [];
    const kilo = { consult: inThousands(limits.consult), rollBack: inThousands(limits.rollBack) };
    const of = (result: PageResult): number | null => inThousands(transferred(result, type, 'transferSize')) ?? null;
    return [{ measure: `${type} transferred`, unit: 'kB', worse: 'above', limits: kilo, of }];
  });
  if (requests === undefined) return values;
  const of = (result: PageResult): number | null => transferred(result, 'total', 'requestCount') ?? null;
  return [...values, { measure: 'total made', unit: 'requests', worse: 'above', limits: requests, of }];
}

function inThousands(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1_000;
}

const resourceTypes: Record<string, string> = { thirdParty: 'third-party' };

/** The table `resource-summary` of Lighthouse: one row for each type of what a page loads. */
function transferred(result: PageResult, type: string, field: 'transferSize' | 'requestCount'): number | undefined {
  const items = result.audits['resource-summary']?.details?.items;
  const rows: unknown[] = Array.isArray(items) ? items : [];
  const row = rows.find((each) => Reflect.get(Object(each), 'resourceType') === (resourceTypes[type] ?? type));
  const value: unknown = Reflect.get(Object(row), field);
  return typeof value === 'number' ? value : undefined;
}

/** 0 to 100, 0 where Lighthouse could not compute one. */
export function scoreOf(result: PageResult): number {
  return pointsOf(result) ?? 0;
}

function pointsOf(result: PageResult): number | null {
  const score = result.categories.performance?.score ?? null;
  return score === null ? null : Math.round(score * 100);
}

function numberOf(audit: string): (result: PageResult) => number | null {
  return (result) => result.audits[audit]?.numericValue ?? null;
}

function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function rounded(value: number): number {
  return value < 10 ? Math.round(value * 1_000) / 1_000 : Math.round(value);
}
