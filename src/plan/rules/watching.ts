import { measures } from '../../release/criteria.ts';
import { suggestion } from '../nearest.ts';
import type { Path } from '../problem.ts';
import type { WrittenRelease } from '../schema/release.schema.ts';
import type { WrittenLimit } from '../schema/watching.schema.ts';
import { repeatableAt } from '../suite.ts';
import { checkLists, type Rule, type Saying } from './rule.ts';

type Limited = { limit: WrittenLimit; path: Path };

function limitsOf({ watch }: WrittenRelease): Limited[] {
  return (watch?.limits ?? []).map((limit, index) => ({ limit, path: ['watch', 'limits', index] }));
}

const bands = ['consult', 'rollBack'] as const;

const limitUnits: Rule = {
  name: 'limit-units',
  severity: 'error',
  look: ({ written }) =>
    limitsOf(written).flatMap(({ limit, path }) =>
      bands.flatMap((band): Saying[] => {
        const value = limit[band];
        const isShare = limit.measure === 'errors' || limit.against === 'baseline';
        if (value === undefined || isShare === 'percent' in value) return [];
        const message = isShare ? 'this limit is a share' : `${limit.measure} is a time`;
        const remedy = isShare ? 'write it in per cent, such as 25 %' : 'write it as a duration, such as 800ms';
        return [{ path: [...path, band], message, remedy }];
      }),
    ),
};

const limitBands: Rule = {
  name: 'limit-bands-in-order',
  severity: 'error',
  look: ({ written }) =>
    limitsOf(written).flatMap(({ limit: { consult, rollBack }, path }): Saying[] => {
      const value = (limit: typeof consult): number | undefined => limit && ('ms' in limit ? limit.ms : limit.percent);
      const [asks, acts] = [value(consult), value(rollBack)];
      if (asks === undefined || acts === undefined || asks < acts) return [];
      const message = 'asks a person only above the limit at which it goes back anyway';
      return [{ path: [...path, 'consult'], message, remedy: 'make consult lower than rollBack' }];
    }),
};

const limitNames: Rule = {
  name: 'limit-names',
  severity: 'error',
  look: ({ written }) => {
    const names = limitsOf(written).map(({ limit }) => limit.name);
    const taken = Object.keys(written.watch?.criteria ?? {});
    return limitsOf(written).flatMap(({ limit: { name }, path }, index): Saying[] => {
      if (names.indexOf(name) === index && !taken.includes(name)) return [];
      return [{ path: [...path, 'name'], message: `another limit is called "${name}"`, remedy: 'choose another name' }];
    });
  },
};

const baselineIsMeasured: Rule = {
  name: 'baseline-is-measured',
  severity: 'error',
  whole: true,
  look: ({ written }) =>
    limitsOf(written).flatMap(({ limit: { against }, path }): Saying[] => {
      if (against === undefined || written.watch?.baseline !== undefined) return [];
      const message = 'nothing is measured before the release that it could be compared with';
      return [{ path: [...path, 'against'], message, remedy: 'add baseline: 10m to the watch' }];
    }),
};

const baselineHasProbe: Rule = {
  name: 'baseline-has-probe',
  severity: 'error',
  whole: true,
  look: ({ written: { watch } }) =>
    watch?.baseline === undefined || watch.probe !== undefined
      ? []
      : [
          {
            path: ['watch', 'baseline'],
            message: 'there is no probe to measure with',
            remedy: 'add probe: { url: ... }',
          },
        ],
};

const knownIncidents: Rule = {
  name: 'known-incidents',
  severity: 'error',
  look: ({ written }) => {
    const known = Object.keys(written.incidents);
    const named: { path: Path; incident: string | undefined }[] = [
      ...limitsOf(written).map(({ limit, path }) => ({ path: [...path, 'incident'], incident: limit.incident })),
      ...Object.entries(written.watch?.raised ?? {}).map(([name, raised]) => ({
        path: ['watch', 'raised', name, 'incident'],
        incident: typeof raised === 'string' ? undefined : raised.incident,
      })),
      ...checkLists(written).flatMap(({ path, checks }) =>
        checks.map(({ incident }, index) => ({ path: [...path, index, 'incident'], incident })),
      ),
    ];
    return named.flatMap(({ path, incident }): Saying[] =>
      incident === undefined || known.includes(incident)
        ? []
        : [{ path, message: `no checklist in incidents is called ${incident}`, remedy: suggestion(incident, known) }],
    );
  },
};

const knownTold: Rule = {
  name: 'known-told',
  severity: 'error',
  look: ({ written }) =>
    Object.entries(written.watch?.priorities ?? {}).flatMap(([priority, people]) =>
      people.flatMap((person, index): Saying[] =>
        Object.hasOwn(written.people, person)
          ? []
          : [
              {
                path: ['watch', 'priorities', priority, index],
                message: `nobody in people is called ${person}`,
                remedy: suggestion(person, Object.keys(written.people)),
              },
            ],
      ),
    ),
};

/** What asks for traffic of its own needs somebody who makes it, and somebody who judges it. */
const syntheticIsJudged: Rule = {
  name: 'synthetic-is-judged',
  severity: 'error',
  whole: true,
  look: ({ written }) => {
    const { watch } = written;
    if (watch?.synthetic === undefined) return [];
    const path = ['watch', 'synthetic'];
    if (repeatableAt(written, 'smoke', written.smoke).every(({ cleansUp }) => cleansUp === true)) {
      const message = 'no smoke check may be asked at any time';
      return [{ path, at: 'key', message, remedy: 'mark the smoke checks that change nothing: repeatable: true' }];
    }
    const absolute = watch.limits.some(({ measure, against }) => measure === 'errors' && against === undefined);
    if (absolute || watch.criteria?.errors !== undefined) return [];
    const message = 'nothing judges its answers, which are samples of errors';
    return [{ path, at: 'key', message, remedy: 'add criteria: { errors: { rollBack: 10 % } }' }];
  },
};

/** Without a probe, what is judged besides errors has nothing to judge. */
const syntheticHasNoTimes: Rule = {
  name: 'synthetic-has-no-times',
  severity: 'error',
  whole: true,
  look: ({ written: { watch } }) => {
    if (watch?.synthetic === undefined || watch.probe !== undefined) return [];
    const message = 'only errors are judged by smoke checks, and there is no probe';
    const timed = measures.filter((measure) => measure !== 'errors' && watch.criteria?.[measure] !== undefined);
    return timed.map((measure): Saying => ({ path: ['watch', 'criteria', measure], message, remedy: 'add a probe' }));
  },
};

/** Below what is judged at all, traffic of our own says nothing. */
const enoughSynthetic: Rule = {
  name: 'enough-synthetic',
  severity: 'warning',
  whole: true,
  look: ({ written }) => {
    const { watch } = written;
    if (watch?.synthetic === undefined) return [];
    const asked = repeatableAt(written, 'smoke', written.smoke).filter(({ cleansUp }) => cleansUp !== true).length;
    const { every } = watch.synthetic;
    const few = watch.schedule.find((stretch) => (stretch.every / every) * asked < watch.minimumSamples);
    if (few === undefined || asked === 0) return [];
    const message = `gives fewer than ${watch.minimumSamples} samples from one report to the next, so nothing is judged there`;
    return [{ path: ['watch', 'synthetic', 'every'], message, remedy: 'ask more often or lower minimumSamples' }];
  },
};

export const watchingRules: readonly Rule[] = [
  limitUnits,
  limitBands,
  limitNames,
  baselineIsMeasured,
  baselineHasProbe,
  knownIncidents,
  knownTold,
  syntheticIsJudged,
  syntheticHasNoTimes,
  enoughSynthetic,
];
