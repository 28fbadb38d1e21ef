import { describe, expect, it } from 'vitest';
import { load, said, shopWith } from './plans.ts';

type Case = { on: string; changes: [piece: string, by: string][]; says: string[] };

const cases: Case[] = [
  {
    on: 'a check twice',
    changes: [['smoke:\n', 'smoke:\n  - { name: list products, kind: http, url: "http://127.0.0.1:8080/" }\n']],
    says: ['release.yaml:28:13: smoke[1].name: another check here is called "list products"; choose another name'],
  },
  {
    on: 'a limit for asking above the limit for going back',
    changes: [['consult: 5 %', 'consult: 50 %']],
    says: [
      'release.yaml:31:50: watch.criteria.errors.consult: asks a person only above the limit at which it goes back anyway; make consult lower than rollBack',
    ],
  },
  {
    on: 'a probe that nothing judges',
    changes: [['  criteria: { errors: { rollBack: 10 %, consult: 5 % } }\n', '']],
    says: [
      'release.yaml:30:3: watch.probe: is measured and nothing judges it; add criteria: { errors: { rollBack: 10 % } }',
    ],
  },
  {
    on: 'criteria without a probe',
    changes: [['  probe: { url: "http://127.0.0.1:8080/products", every: 1s }\n', '']],
    says: ['release.yaml:30:3: watch.criteria: nothing is measured that they could judge; add probe: { url: ... }'],
  },
  {
    on: 'a criterion without any limit',
    changes: [['{ rollBack: 10 %, consult: 5 % }', '{}']],
    says: ['release.yaml:31:23: watch.criteria.errors: must name consult, rollBack or both'],
  },
  {
    on: 'a stretch that ends before its report',
    changes: [['{ every: 15m, for: 4h }', '{ every: 5h, for: 4h }']],
    says: [
      'release.yaml:29:23: watch.schedule[0].every: the stretch ends before its first report; make every shorter than for',
    ],
  },
  {
    on: 'a watch with too many points',
    changes: [['{ every: 15m, for: 4h }', '{ every: 10s, for: 4h }']],
    says: [
      'release.yaml:29:3: watch.schedule: reports 1440 times, at most 1000 are possible; report less often; the probe still samples continuously',
      'release.yaml:29:23: warning: watch.schedule[0].every: the probe gives fewer than 20 samples in one stretch of every, so nothing is judged there; probe more often or lower minimumSamples',
    ],
  },
  {
    on: 'a watch that lasts too long',
    changes: [['{ every: 15m, for: 4h }', '{ every: 1d, for: 32d }']],
    says: ['release.yaml:29:3: watch.schedule: lasts longer than 31 days; watch for less long'],
  },
  {
    on: 'a request that nothing judges',
    changes: [['watch:\n', 'performance: { requests: [{ name: list, url: "http://127.0.0.1/" }] }\nwatch:\n']],
    says: [
      'release.yaml:28:27: performance.requests[0]: "list" is measured and nothing judges it; add limits for errors, p50, p95, p99',
    ],
  },
  {
    on: 'a time zone that is none',
    changes: [['people:\n', 'window: { days: [saturday], from: "02:00", to: "06:00", timezone: New York }\npeople:\n']],
    says: ['release.yaml:3:67: window.timezone: New York is no time zone; use an IANA name such as America/New_York'],
  },
  {
    on: 'a window that never opens',
    changes: [['people:\n', 'window: { days: [saturday], from: "02:00", to: "02:00", timezone: UTC }\npeople:\n']],
    says: ['release.yaml:3:48: window.to: the window closes when it opens; name a later time, or one on the next day'],
  },
  {
    on: 'a window that is too short for the release and its longest restore',
    changes: [
      [
        'people:\n',
        'window: { days: [saturday], from: "23:00", to: "01:00", timezone: UTC, expected: 90m, longestRestore: 1h }\npeople:\n',
      ],
    ],
    says: [
      'release.yaml:3:48: window.to: the release and its longest restore take 150 min and the window is open for 120 min; open the window longer',
    ],
  },
];

describe('A plan that cannot be judged or fitted into its window is refused with', () => {
  it.each(cases)('one exact message on $on', async ({ changes, says }) => {
    const result = await load(shopWith(...changes));
    expect(said(result)).toEqual(says);
    expect(result).toHaveProperty('problems');
  });
});
