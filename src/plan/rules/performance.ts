import { measures } from '../../release/criteria.ts';
import type { Measure } from '../../release/plan.ts';
import type { Path } from '../problem.ts';
import type { WrittenCriteria } from '../schema/criteria.schema.ts';
import type { WrittenRequest } from '../schema/evidence.schema.ts';
import type { WrittenRelease } from '../schema/release.schema.ts';
import type { Rule, Saying } from './rule.ts';

type Limited = { path: Path; limits: WrittenCriteria };

/** Everything in the performance step that has limits by measure, those against the version before apart. */
function limitsOf({ performance }: WrittenRelease): Limited[] {
  const { requests = [], load = [], k6 = [] } = performance ?? {};
  const lists: [string, (WrittenCriteria & { baseline?: WrittenCriteria })[]][] = [
    ['requests', requests as WrittenRequest[]],
    ['load', load as WrittenCriteria[]],
    ['k6', k6],
  ];
  return lists.flatMap(([kind, list]) =>
    list.flatMap((limits, index): Limited[] => {
      const path = ['performance', kind, index];
      const { baseline } = limits;
      return [{ path, limits }, ...(baseline === undefined ? [] : [{ path: [...path, 'baseline'], limits: baseline }])];
    }),
  );
}

const bandsInOrder: Rule = {
  name: 'performance-bands-in-order',
  severity: 'error',
  look: ({ written }) =>
    limitsOf(written).flatMap(({ path, limits }) =>
      measures.flatMap((measure): Saying[] => {
        const { consult, rollBack } = limits[measure] ?? {};
        if (consult === undefined || rollBack === undefined || consult < rollBack) return [];
        const message = 'asks a person only above the limit at which it goes back anyway';
        return [{ path: [...path, measure, 'consult'], message, remedy: 'make consult lower than rollBack' }];
      }),
    ),
};

const names: Rule = {
  name: 'performance-names',
  severity: 'error',
  look: ({ written: { performance } }) =>
    Object.entries(performance ?? {}).flatMap(([kind, list]) => {
      const given = (list as { name: string }[]).map(({ name }) => name);
      return given.flatMap((name, index): Saying[] => {
        if (given.indexOf(name) === index) return [];
        const path = ['performance', kind, index, 'name'];
        return [{ path, message: `another one here is called "${name}"`, remedy: 'choose another name' }];
      });
    }),
};

/** With fewer samples the percentile is the slowest of them. */
const leastSamples: Record<Measure, number> = { errors: 1, p50: 2, p95: 20, p99: 100 };

/** With fewer samples no difference that anybody would call a degradation is beyond doubt. */
const leastToCompare: Record<Measure, number> = { errors: 100, p50: 50, p95: 200, p99: 1_000 };

/** `samples`: how many there will be. `more`: how to have as many as a limit needs. */
type Sampled = { path: Path; samples: number; limits: WrittenCriteria; more(least: number): string };

/** What says beforehand how many samples there will be; users of a load take as many as they get answers. */
function sampledOf({ performance }: WrittenRelease): Sampled[] {
  const { requests = [], load = [] } = performance ?? {};
  const asked = (requests as WrittenRequest[]).map((limits, index) => ({
    path: ['performance', 'requests', index],
    samples: limits.samples,
    limits,
    more: (least: number) => `set samples: ${least} or more`,
  }));
  const loads = load.flatMap((each, index): Sampled[] => {
    if (each.rate === undefined) return [];
    const samples = Math.ceil((each.rate * each.for) / 1000);
    const more = (least: number): string => `make rate or for larger, so that there are ${least} or more`;
    return [{ path: ['performance', 'load', index], samples, limits: each as WrittenCriteria, more }];
  });
  return [...asked, ...loads];
}

const enoughForPercentiles: Rule = {
  name: 'samples-for-percentiles',
  severity: 'error',
  look: ({ written }) =>
    sampledOf(written).flatMap(({ path, samples, limits, more }): Saying[] => {
      const { baseline = {} } = limits as { baseline?: WrittenCriteria };
      const few = (given: WrittenCriteria, least: Record<Measure, number>): Measure[] =>
        measures.filter((measure) => given[measure] !== undefined && samples < least[measure]);
      return [
        ...few(limits, leastSamples).map((measure) => ({
          path: [...path, measure],
          message: `${measure} of ${samples} samples is the slowest of them, so one slow answer decides`,
          remedy: `${more(leastSamples[measure])}, or limit another percentile`,
        })),
        ...few(baseline, leastToCompare).map((measure) => ({
          path: [...path, 'baseline', measure],
          message: `${samples} samples of ${measure} cannot be told from those of the version before`,
          remedy: more(leastToCompare[measure]),
        })),
      ];
    }),
};

export const performanceRules: readonly Rule[] = [bandsInOrder, names, enoughForPercentiles];
