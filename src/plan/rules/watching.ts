import { suggestion } from '../nearest.ts';
import type { Path } from '../problem.ts';
import type { WrittenRelease } from '../schema/release.schema.ts';
import type { WrittenLimit } from '../schema/watching.schema.ts';
import type { Rule, Saying } from './rule.ts';

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

export const watchingRules: readonly Rule[] = [
  limitUnits,
  limitBands,
  limitNames,
  baselineIsMeasured,
  baselineHasProbe,
  knownIncidents,
  knownTold,
];
