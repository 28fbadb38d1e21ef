import { measures } from '../../release/criteria.ts';
import type { Path } from '../problem.ts';
import type { WrittenProbe, WrittenRequest } from '../schema/evidence.schema.ts';
import type { WrittenRelease } from '../schema/release.schema.ts';
import { checksAt, groupsAt, repeatableAt } from '../suite.ts';
import { checkLists, type Rule, type Saying } from './rule.ts';

function requestsOf(written: WrittenRelease): WrittenRequest[] {
  return (written.performance?.requests ?? []) as WrittenRequest[];
}

function repeated(names: readonly string[], path: Path, what: string): Saying[] {
  return names.flatMap((name, index): Saying[] =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: [...path, index, 'name'],
            message: `another ${what} here is called "${name}"`,
            remedy: 'choose another name',
          },
        ],
  );
}

const ownNames: Rule = {
  name: 'own-names',
  severity: 'error',
  look: ({ written }) => [
    ...checkLists(written).flatMap(({ path, checks }) =>
      repeated(
        checks.map(({ name }) => name),
        path,
        'check',
      ),
    ),
  ],
};

const bandsInOrder: Rule = {
  name: 'bands-in-order',
  severity: 'error',
  look: ({ written: { watch } }) =>
    measures.flatMap((measure): Saying[] => {
      const { consult, rollBack } = watch?.criteria?.[measure] ?? {};
      if (consult === undefined || rollBack === undefined || consult < rollBack) return [];
      const path = ['watch', 'criteria', measure, 'consult'];
      const message = 'asks a person only above the limit at which it goes back anyway';
      return [{ path, message, remedy: 'make consult lower than rollBack' }];
    }),
};

const requestsAreJudged: Rule = {
  name: 'requests-are-judged',
  severity: 'error',
  whole: true,
  look: ({ written }) =>
    requestsOf(written).flatMap((request, index): Saying[] => {
      if (request.baseline !== undefined || measures.some((measure) => request[measure] !== undefined)) return [];
      const message = `"${request.name}" is measured and nothing judges it`;
      return [{ path: ['performance', 'requests', index], message, remedy: `add limits for ${measures.join(', ')}` }];
    }),
};

const probeAndCriteria: Rule = {
  name: 'probe-and-criteria',
  severity: 'error',
  whole: true,
  look: ({ written }) => {
    const { watch } = written;
    if (watch === undefined) return [];
    const judged = watch.limits.length > 0 || measures.some((measure) => watch.criteria?.[measure] !== undefined);
    if (watch.probe !== undefined && !judged) {
      const message = 'is measured and nothing judges it';
      return [{ path: ['watch', 'probe'], at: 'key', message, remedy: 'add criteria: { errors: { rollBack: 10 % } }' }];
    }
    if (watch.probe === undefined && watch.synthetic === undefined && judged) {
      const message = 'nothing is measured that they could judge';
      const key = watch.criteria === undefined ? 'limits' : 'criteria';
      return [{ path: ['watch', key], at: 'key', message, remedy: 'add probe: { url: ... }' }];
    }
    const asked = watch.checks.length > 0 || groupsAt(written, 'watch').length > 0;
    const measured = watch.probe !== undefined || watch.synthetic !== undefined;
    if (!measured && watch.throughout === undefined && !asked) {
      const message = 'watches nothing';
      return [{ path: ['watch'], at: 'key', message, remedy: 'add a probe with criteria, or checks' }];
    }
    return [];
  },
};

const pointsInStretches: Rule = {
  name: 'points-in-stretches',
  severity: 'error',
  look: ({ written: { watch } }) =>
    (watch?.schedule ?? []).flatMap((stretch, index): Saying[] => {
      if (stretch.every <= stretch.for) return [];
      const message = 'the stretch ends before its first report';
      return [{ path: ['watch', 'schedule', index, 'every'], message, remedy: 'make every shorter than for' }];
    }),
};

const throughoutInStretches: Rule = {
  name: 'throughout-in-stretches',
  severity: 'error',
  look: ({ written: { watch } }) => {
    const every = watch?.throughout?.every ?? 0;
    if (watch === undefined || watch.schedule.every((stretch) => every <= stretch.every)) return [];
    const message = 'is asked less often than the watch reports';
    return [
      { path: ['watch', 'throughout', 'every'], message, remedy: 'ask more often, or put its checks under checks' },
    ];
  },
};

const longestWatch = 31 * 24 * 60 * 60 * 1000;
const mostPoints = 1000;

/** Each point costs events in Temporal's history, which holds 51,200. */
const watchIsBounded: Rule = {
  name: 'watch-is-bounded',
  severity: 'error',
  look: ({ written: { watch } }) => {
    if (watch === undefined) return [];
    const length = watch.schedule.reduce((sum, stretch) => sum + stretch.for, 0);
    const points = watch.schedule.reduce((sum, stretch) => sum + Math.floor(stretch.for / stretch.every), 0);
    const path = ['watch', 'schedule'];
    if (length > longestWatch)
      return [{ path, at: 'key', message: 'lasts longer than 31 days', remedy: 'watch for less long' }];
    if (points <= mostPoints) return [];
    const message = `reports ${points} times, at most ${mostPoints} are possible`;
    return [{ path, at: 'key', message, remedy: 'report less often; the probe still samples continuously' }];
  },
};

const enoughSamples: Rule = {
  name: 'enough-samples',
  severity: 'warning',
  look: ({ written: { watch } }) => {
    const probe = watch?.probe as WrittenProbe | undefined;
    if (watch === undefined || probe === undefined) return [];
    const few = watch.schedule.findIndex(({ every }) => every / probe.every < watch.minimumSamples);
    if (few < 0) return [];
    const message = `the probe gives fewer than ${watch.minimumSamples} samples in one stretch of every, so nothing is judged there`;
    return [{ path: ['watch', 'schedule', few, 'every'], message, remedy: 'probe more often or lower minimumSamples' }];
  },
};

const reviewAfterWatch: Rule = {
  name: 'review-after-watch',
  severity: 'warning',
  look: ({ written: { watch } }) => {
    const length = (watch?.schedule ?? []).reduce((sum, stretch) => sum + stretch.for, 0);
    if (watch?.review === undefined || watch.review >= length) return [];
    return [{ path: ['watch', 'review'], message: 'the review is due before the watch ends' }];
  },
};

const smokeAfterRollback: Rule = {
  name: 'smoke-after-rollback',
  severity: 'warning',
  whole: true,
  look: ({ written }) => {
    const path = ['smoke'];
    const smoke = checksAt(written, 'smoke', written.smoke);
    if (smoke.length === 0) {
      return [
        { path, at: 'key', message: 'no smoke check says whether the release works', remedy: 'add smoke: [...]' },
      ];
    }
    if (repeatableAt(written, 'smoke', written.smoke).length > 0) return [];
    const message = 'no smoke check is repeatable, so none is asked after a rollback';
    return [{ path, at: 'key', message, remedy: 'mark those that change nothing with repeatable: true' }];
  },
};

export const measuredRules: readonly Rule[] = [
  ownNames,
  bandsInOrder,
  requestsAreJudged,
  probeAndCriteria,
  pointsInStretches,
  throughoutInStretches,
  watchIsBounded,
  enoughSamples,
  reviewAfterWatch,
  smokeAfterRollback,
];
