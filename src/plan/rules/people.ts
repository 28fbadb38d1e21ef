import { suggestion } from '../nearest.ts';
import type { Path } from '../problem.ts';
import type { WrittenGate } from '../schema/people.schema.ts';
import type { WrittenRelease } from '../schema/release.schema.ts';
import { groupsOf } from '../suite.ts';
import { checkLists, type Rule, type Saying } from './rule.ts';

type Asking = { path: Path; rules: WrittenGate };

function askings(written: WrittenRelease): Asking[] {
  const gate = written.gates['go-no-go'];
  const questions = written.questions;
  return [
    ...(gate === undefined ? [] : [{ path: ['gates', 'go-no-go'], rules: gate }]),
    ...(questions === undefined ? [] : [{ path: ['questions'], rules: questions }]),
  ];
}

/** Every place that names a person. */
function namings(written: WrittenRelease): { path: Path; person: string }[] {
  const asked = askings(written).flatMap(({ path, rules }) => [
    ...rules.deciders.map((person, index) => ({ path: [...path, 'deciders', index], person })),
    ...rules.escalate.map(({ to }, index) => ({ path: [...path, 'escalate', index, 'to'], person: to })),
  ]);
  const attested = checkLists(written).flatMap(({ path, checks }) =>
    checks.flatMap((check, index) => {
      const by: unknown = check.kind === 'attest' ? Reflect.get(check, 'by') : null;
      const people = Array.isArray(by) ? by.map(String) : [];
      return people.map((person, at) => ({ path: [...path, index, 'by', at], person }));
    }),
  );
  const ofGroups = groupsOf(written).flatMap(({ name, attest = [] }) =>
    attest.map((person, index) => ({ path: ['checks', name, 'attest', index], person })),
  );
  return [...asked, ...attested, ...ofGroups];
}

const knownPeople: Rule = {
  name: 'known-people',
  severity: 'error',
  look: ({ written }) =>
    namings(written)
      .filter(({ person }) => !Object.hasOwn(written.people, person))
      .map(({ path, person }) => ({
        path,
        message: `nobody in people is called ${person}`,
        remedy: suggestion(person, Object.keys(written.people)),
      })),
};

const enoughDeciders: Rule = {
  name: 'enough-deciders',
  severity: 'error',
  whole: true,
  look: ({ written, requester }) =>
    askings(written).flatMap(({ path, rules }): Saying[] => {
      const deciders = new Set(rules.deciders);
      const barred = rules.notRequester && requester !== null && deciders.delete(requester);
      if (rules.needs <= deciders.size) return [];
      const without = barred ? ` without ${requester}, who asked for the release` : '';
      const message = `needs ${rules.needs} deciders and only ${deciders.size} can answer${without}`;
      return [{ path: [...path, 'needs'], message, remedy: 'name more deciders or need fewer' }];
    }),
};

const differentDeciders: Rule = {
  name: 'different-deciders',
  severity: 'error',
  look: ({ written }) =>
    askings(written).flatMap(({ path, rules }) =>
      rules.deciders.flatMap((person, index): Saying[] =>
        rules.deciders.indexOf(person) === index
          ? []
          : [
              {
                path: [...path, 'deciders', index],
                message: `${person} is named twice`,
                remedy: 'name everybody once',
              },
            ],
      ),
    ),
};

const reminderBeforeDeadline: Rule = {
  name: 'reminder-before-deadline',
  severity: 'error',
  look: ({ written }) =>
    askings(written).flatMap(({ path, rules }): Saying[] => {
      if (rules.remindEvery === undefined || rules.remindEvery < rules.deadline) return [];
      const message = 'the first reminder comes when the deadline is over';
      return [{ path: [...path, 'remindEvery'], message, remedy: 'remind more often than the deadline' }];
    }),
};

const escalationBeforeDeadline: Rule = {
  name: 'escalation-before-deadline',
  severity: 'error',
  look: ({ written }) =>
    askings(written).flatMap(({ path, rules }) =>
      rules.escalate.flatMap(({ after, to }, index): Saying[] => {
        if (after < rules.deadline) return [];
        const message = `${to} is told when the deadline is over`;
        return [{ path: [...path, 'escalate', index, 'after'], message, remedy: 'escalate before the deadline' }];
      }),
    ),
};

const somebodyAnswers: Rule = {
  name: 'somebody-answers',
  severity: 'error',
  whole: true,
  look: ({ written }) => {
    if (askings(written).length > 0) return [];
    const message = 'nobody answers when something fails';
    return [{ path: [], message, remedy: 'add questions: { deciders: [...] }' }];
  },
};

const somebodyDecides: Rule = {
  name: 'somebody-decides',
  severity: 'warning',
  whole: true,
  look: ({ written }) => {
    if (written.gates['go-no-go'] !== undefined) return [];
    const message = 'nobody is asked before the release changes something';
    return [{ path: ['gates'], at: 'key', message, remedy: 'add gates: { go-no-go: { deciders: [...] } }' }];
  },
};

/** Several people agree on a go; when something fails, whoever is there first decides. */
const oneAnswersQuestions: Rule = {
  name: 'one-answers-questions',
  severity: 'warning',
  look: ({ written: { questions } }) => [
    ...((questions?.needs ?? 1) > 1
      ? [{ path: ['questions', 'needs'], message: 'one answer decides a question, however many are asked for here' }]
      : []),
    ...(questions?.notRequester === true
      ? [{ path: ['questions', 'notRequester'], message: 'whoever started the release may answer questions too' }]
      : []),
  ],
};

export const peopleRules: readonly Rule[] = [
  knownPeople,
  enoughDeciders,
  differentDeciders,
  reminderBeforeDeadline,
  escalationBeforeDeadline,
  somebodyAnswers,
  somebodyDecides,
  oneAnswersQuestions,
];
