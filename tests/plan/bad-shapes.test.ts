import { describe, expect, it } from 'vitest';
import { load, said, shopWith } from './plans.ts';

type Case = { on: string; changes: [piece: string, by: string][]; says: string[] };

const cases: Case[] = [
  {
    on: 'an unknown key at the top',
    changes: [['application: shop', 'application: shop\ntagets: {}']],
    says: ['release.yaml:2:1: tagets: unknown key; did you mean "targets"?'],
  },
  {
    on: 'a key of a target',
    changes: [['    root: ./run/backend', '    rot: ./run/backend']],
    says: ['release.yaml:22:5: targets.backend.rot: unknown key; did you mean "root"?'],
  },
  {
    on: 'a key that resembles nothing',
    changes: [['gates:\n', 'gates:\n  zzzzzzzzzzzz: 1\n']],
    says: ['release.yaml:7:3: gates.zzzzzzzzzzzz: unknown key; known are go-no-go'],
  },
  {
    on: 'a required key that is missing',
    changes: [['environment: production\n', '']],
    says: [
      'release.yaml:1:1: environment: is missing (must be a name of small letters, digits and hyphens that begins with a letter, at most 40 characters)',
    ],
  },
  {
    on: 'a kind of target that does not exist',
    changes: [['kind: postgres', 'kind: postgresql']],
    says: ['release.yaml:13:11: targets.database.kind: unknown kind; did you mean "postgres"?'],
  },
  {
    on: 'a kind of check that does not exist',
    changes: [['kind: sql', 'kind: sqll']],
    says: ['release.yaml:19:41: targets.database.verify[0].kind: unknown kind; did you mean "sql"?'],
  },
  {
    on: 'a target without a kind',
    changes: [['    kind: process\n', '']],
    says: [
      'release.yaml:20:3: targets.backend.kind: is missing; known are postgres, process, site, command, aws-ecs, s3-site, cloudfront, aws-rds, redis, memory, memory-database',
    ],
  },
  {
    on: 'a name that cannot be part of a database name',
    changes: [['application: shop', 'application: Shop App']],
    says: [
      'release.yaml:1:14: application: must be a name of small letters, digits and hyphens that begins with a letter, at most 40 characters',
    ],
  },
  {
    on: 'a target name that cannot be part of an id',
    changes: [
      ['  backend:\n', '  Back_end:\n'],
      ['writers: [backend]', 'writers: []'],
    ],
    says: [
      'release.yaml:20:3: targets.Back_end: must be a name of small letters, digits and hyphens that begins with a letter, at most 40 characters',
    ],
  },
  {
    on: 'a duration without a unit',
    changes: [['deadline: 30m', 'deadline: 30']],
    says: ['release.yaml:8:53: questions.deadline: must be a duration such as 300ms, 10s, 15m, 4h or 2d'],
  },
  {
    on: 'a duration of nothing',
    changes: [['every: 15m', 'every: 0m']],
    says: ['release.yaml:29:23: watch.schedule[0].every: must be a duration such as 300ms, 10s, 15m, 4h or 2d'],
  },
  {
    on: 'a percentage without its sign',
    changes: [['rollBack: 10 %', 'rollBack: 10']],
    says: ['release.yaml:31:35: watch.criteria.errors.rollBack: must be a percentage such as 5 % or 0.1 %'],
  },
  {
    on: 'a percentage above 100',
    changes: [['rollBack: 10 %', 'rollBack: 110 %']],
    says: ['release.yaml:31:35: watch.criteria.errors.rollBack: must be a percentage such as 5 % or 0.1 %'],
  },
  {
    on: 'a word that is no choice',
    changes: [['compatibility: backward', 'compatibility: backwards']],
    says: [
      'release.yaml:17:20: targets.database.compatibility: must be one of backward, forward, both, breaking; did you mean "backward"?',
    ],
  },
  {
    on: 'a list where a text belongs',
    changes: [['root: ./run/backend', 'root: [./run/backend]']],
    says: ['release.yaml:22:11: targets.backend.root: must be a path'],
  },
  {
    on: 'a text where a list belongs',
    changes: [['run: [node, server.mjs]', 'run: node server.mjs']],
    says: ['release.yaml:24:10: targets.backend.run: must be a list of words such as [npm, ci]'],
  },
  {
    on: 'a number in a command',
    changes: [['[node, server.mjs]', '[node, 4001]']],
    says: ['release.yaml:24:17: targets.backend.run[1]: must be a text; put it in quotes'],
  },
  {
    on: 'a port that cannot be',
    changes: [['ports: [4001, 4002]', 'ports: [4001, 70000]']],
    says: ['release.yaml:25:19: targets.backend.ports[1]: must be a port from 1 to 65535'],
  },
  {
    on: 'an empty value',
    changes: [['    root: ./run/backend', '    root:']],
    says: ['release.yaml:22:10: targets.backend.root: is empty (must be a path); give it a value or remove it'],
  },
  {
    on: 'an unknown day',
    changes: [['people:\n', 'window: { days: [satday], from: "02:00", to: "06:00", timezone: UTC }\npeople:\n']],
    says: [
      'release.yaml:3:18: window.days[0]: must be one of monday, tuesday, wednesday, thursday, friday, saturday, sunday; did you mean "saturday"?',
    ],
  },
  {
    on: 'a time that is none',
    changes: [['people:\n', 'window: { days: [saturday], from: 2am, to: "06:00", timezone: UTC }\npeople:\n']],
    says: ['release.yaml:3:35: window.from: must be a time of day such as "02:00"'],
  },
  {
    on: 'allowed loss without bounds',
    changes: [['watch:\n', 'rollback: { dataLoss: { allow: { rows: 100 } } }\nwatch:\n']],
    says: [
      'release.yaml:28:25: rollback.dataLoss.allow.within: is missing (must be a duration such as 300ms, 10s, 15m, 4h or 2d)',
    ],
  },
  {
    on: 'allowed loss in a word',
    changes: [['watch:\n', 'rollback: { dataLoss: allow }\nwatch:\n']],
    says: [
      'release.yaml:28:23: rollback.dataLoss: must be ask, refuse, or { allow: { rows: 100, within: 30m } } with both bounds',
    ],
  },
  {
    on: 'an address that is none',
    changes: [['url: "http://127.0.0.1:8080/health"', 'url: 127.0.0.1']],
    says: ['release.yaml:10:44: preflight[0].url: must be an address that begins with http:// or https://'],
  },
  {
    on: 'an event that does not exist',
    changes: [['watch:\n', 'notify: [{ kind: webhook, url: "http://127.0.0.1/", on: [questions] }]\nwatch:\n']],
    says: [
      'release.yaml:28:58: notify[0].on[0]: must be one of question, reminder, escalation, blocked, failed, ended, watch, maintenance, recovered; did you mean "question"?',
    ],
  },
];

describe('A plan of the wrong shape is refused with', () => {
  it.each(cases)('one exact message on $on', async ({ changes, says }) => {
    const result = await load(shopWith(...changes));
    expect(said(result)).toEqual(says);
    expect(result).toHaveProperty('problems');
  });
});
