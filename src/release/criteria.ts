import { type Estimates, judgeDegradation } from './degradation.ts';
import type { Measure, PlannedCriterion } from './plan.ts';
import { entrusted } from './trust.ts';
import { type Judgement, judge, type Measurement } from './verdict.ts';

export const measures: readonly Measure[] = ['errors', 'p50', 'p95', 'p99'];

type Bands = { consult?: number | undefined; rollBack?: number | undefined };

/** Limits by measure as a plan has them. `baseline`: how much worse than the version before, in per cent. */
export type Limited = Partial<Record<Measure, Bands | undefined>> & {
  baseline?: Partial<Record<Measure, Bands | undefined>> | undefined;
};

/** Limits as they are judged, in the order of the measures, those against the version before last. `suffix`: of each name. */
export function criteriaOf(written: Limited, suffix: string): PlannedCriterion[] {
  const of = (limits: Limited['baseline'], end: string): PlannedCriterion[] =>
    measures.flatMap((measure) => {
      const bands = limits?.[measure];
      if (bands === undefined) return [];
      const { rollBack = null, consult = null } = bands;
      return [{ name: `${measure}${end}`, measure, rollBackAbove: rollBack, consultAbove: consult }];
    });
  const compared = of(written.baseline, `${suffix} against before`);
  return [...of(written, suffix), ...compared.map((each) => ({ ...each, against: 'baseline' as const }))];
}

/** Judges a criterion by the value, or by how it compares with `before` where it says so. */
export function judgeCriterion(
  criterion: PlannedCriterion,
  { measured, before }: { measured: Measurement; before: Estimates | null },
  minimumSamples: number,
): Judgement {
  return criterion.against === 'baseline'
    ? judgeDegradation(criterion, { measured, baseline: before }, minimumSamples)
    : entrusted(judge(criterion, measured, minimumSamples), criterion);
}
