import { describe, expect, it } from 'vitest';
import { load, loaded, said, shop, shopWith } from './plans.ts';

type Change = [piece: string, by: string];
type Case = { on: string; changes: Change[]; says: string[] };

const backend = (...lines: string[]): Change => [
  '    root: ./run/backend',
  ['    root: ./run/backend', ...lines].join('\n'),
];
const database = (...lines: string[]): Change => ['    compatibility:', [...lines, '    compatibility:'].join('\n')];
const plan = (...lines: string[]): Change => ['watch:\n', [...lines, 'watch:\n'].join('\n')];
const byCommand: Change = ['{ directory: "./versions/${version}/migrations" }', '{ command: [npm, run, migrate] }'];

const cases: Case[] = [
  {
    on: 'a target that needs something unknown',
    changes: [backend('    needs: [databas]')],
    says: ['release.yaml:23:13: targets.backend.needs[0]: no target is called databas; did you mean "database"?'],
  },
  {
    on: 'a target that needs itself, or the same twice',
    changes: [backend('    needs: [backend, database, database]')],
    says: [
      'release.yaml:23:13: targets.backend.needs[0]: backend cannot need itself; take it out',
      'release.yaml:23:32: targets.backend.needs[2]: database is named twice; name everything once',
    ],
  },
  {
    on: 'a target that needs what is changed after it',
    changes: [database('    needs: [backend]')],
    says: [
      'release.yaml:17:13: targets.database.needs[0]: backend is changed after database, so database cannot stand on it; put backend before database',
    ],
  },
  {
    on: 'a failure of a step that the target has not',
    changes: [backend('    onFailure: { migrate: [{ retry: 2 }] }')],
    says: [
      'release.yaml:23:18: targets.backend.onFailure.migrate: backend has no step migrate; known are prepare, snapshot, deploy',
    ],
  },
  {
    on: 'a failure of a step that the plan has not',
    changes: [plan('onFailure: { performance: [{ ask: 30m }] }')],
    says: ['release.yaml:28:14: onFailure.performance: this plan has no step performance; known are preflight, smoke'],
  },
  {
    on: 'a misspelled step, and a misspelled word in a try',
    changes: [
      backend('    onFailure: { depoly: [{ retry: 2 }] }'),
      plan('onFailure: { smoke: [{ ask: 30m, silense: stay }] }'),
    ],
    says: [
      'release.yaml:23:18: targets.backend.onFailure.depoly: unknown key; did you mean "deploy"?',
      'release.yaml:29:34: onFailure.smoke[0].silense: unknown key; did you mean "silence"?',
    ],
  },
  {
    on: 'tries after a question',
    changes: [backend('    onFailure: { deploy: [{ ask: 30m }, { retry: 2, every: 5s }, { ask: 1h }] }')],
    says: [
      'release.yaml:23:41: targets.backend.onFailure.deploy[1]: is never reached: whoever is asked before it decides; put retry first',
      'release.yaml:23:66: targets.backend.onFailure.deploy[2]: is never reached: whoever is asked before it decides; ask once',
    ],
  },
  {
    on: 'two ways to try again',
    changes: [backend('    onFailure: { deploy: [{ retry: 2, every: 5s }, { retry: 3, every: 5m }] }')],
    says: [
      'release.yaml:23:52: targets.backend.onFailure.deploy[1]: is never reached: retry is said before it; say retry once',
    ],
  },
  {
    on: 'tries without an end',
    changes: [backend('    onFailure: { deploy: [{ retry: 3, every: 2h }, { ask: 8d }] }')],
    says: [
      'release.yaml:23:46: targets.backend.onFailure.deploy[0].every: is longer than 1h; try again sooner, or ask',
      'release.yaml:23:59: targets.backend.onFailure.deploy[1].ask: is longer than 7d; give people less time; without silence it waits',
    ],
  },
  {
    on: 'too many tries, and none',
    changes: [backend('    onFailure: { deploy: [{ retry: 11 }], snapshot: [] }')],
    says: [
      'release.yaml:23:36: targets.backend.onFailure.deploy[0].retry: must be a whole number from 1 to 10',
      'release.yaml:23:53: targets.backend.onFailure.snapshot: must hold at least one entry such as { retry: 3, every: 30s }',
    ],
  },
  {
    on: 'an answer of silence that is none',
    changes: [backend('    onFailure: { deploy: [{ ask: 30m, silence: roll-back }] }')],
    says: [
      'release.yaml:23:48: targets.backend.onFailure.deploy[0].silence: must be one of rollback, stay; did you mean "rollback"?',
    ],
  },
  {
    on: 'a migration by a command that would be run over itself',
    changes: [byCommand, database('    onFailure: { migrate: [{ retry: 2 }] }')],
    says: [
      'release.yaml:17:37: targets.database.onFailure.migrate[0].retry: a migration by a command is tried once, since nobody can tell what half of it did; say repeatable: true where it may run again, use directory: or take retry out',
    ],
  },
  {
    on: 'bounds on rows where no target holds any',
    changes: [
      [shop.slice(shop.indexOf('  database:'), shop.indexOf('  backend:')), ''],
      plan('rollback: { hold: 5m, ignore: [sessions], marks: [{ table: orders, column: note, like: smoke-% }] }'),
    ],
    says: [
      'release.yaml:20:13: rollback.hold: is about rows, and no target holds data; take it out, or add the database to targets',
      'release.yaml:20:23: rollback.ignore: is about rows, and no target holds data; take it out, or add the database to targets',
      'release.yaml:20:43: rollback.marks: is about rows, and no target holds data; take it out, or add the database to targets',
    ],
  },
  {
    on: 'writers that are held longer than the question about their rows',
    changes: [plan('rollback: { hold: 30m }')],
    says: [
      'release.yaml:28:19: rollback.hold: writers would be held until the question about lost rows is over; make it shorter than the deadline of questions',
    ],
  },
  {
    on: 'writers that are held longer than the window leaves for a restore',
    changes: [
      [
        'people:\n',
        'window: { days: [sunday], from: "02:00", to: "05:00", timezone: UTC, longestRestore: 4m }\npeople:\n',
      ],
      plan('rollback: { hold: 5m }'),
    ],
    says: [
      'release.yaml:29:19: rollback.hold: a restore that holds writers this long takes longer than longestRestore of the window; make it shorter, or longestRestore longer',
    ],
  },
];

describe('A way back that cannot be gone is refused with', () => {
  it.each(cases)('one exact message for each mistake on $on', async ({ changes, says }) => {
    const result = await load(shopWith(...changes));
    expect(said(result)).toEqual(says);
    expect(result).toHaveProperty('problems');
  });

  it('one exact message on a mark that every row matches, and on names that are none', async () => {
    const marks = plan('rollback: { marks: [{ table: orders, column: note, like: "%" }] }');
    expect(said(await load(shopWith(marks)))).toContain(
      'release.yaml:28:58: rollback.marks[0].like: matches every row, so no loss would ever count; say how rows of smoke tests look',
    );
    const tables = plan('rollback: { ignore: [a.b.c], marks: [{ table: orders, column: note }] }');
    expect(said(await load(shopWith(tables)))).toEqual([
      'release.yaml:28:22: rollback.ignore[0]: must be the name of a table such as orders or shop.orders',
      'release.yaml:28:38: rollback.marks[0].like: is missing (must be a text)',
    ]);
  });
});

describe('A way back that is worth another look warns', () => {
  it.each<Case>([
    {
      on: 'a writer that does not stand on its database',
      changes: [backend('    needs: []')],
      says: [
        'release.yaml:23:5: warning: targets.backend.needs: backend writes to database and does not need it; add database',
      ],
    },
    {
      on: 'a question while nobody can write',
      changes: [
        ['compatibility: backward', 'compatibility: breaking'],
        ['    verify:\n', '    onFailure: { verify: [{ ask: 10m }] }\n    verify:\n'],
      ],
      says: [
        'release.yaml:18:27: warning: targets.database.onFailure.verify[0]: while it waits for an answer backend and database cannot be used; keep it short, and say silence: rollback',
      ],
    },
  ])('about $on', async ({ changes, says }) => {
    expect(said(await loaded(shopWith(...changes)))).toEqual(says);
  });

  it('about tables that are named twice', async () => {
    const rollback =
      'rollback: { ignore: [sessions, public.sessions], marks: [{ table: sessions, column: a, like: b }] }';
    const warnings = said(await loaded(shopWith(plan(rollback))));
    expect(warnings).toContain('release.yaml:28:32: warning: rollback.ignore[1]: sessions is named twice');
    expect(warnings).toContain('release.yaml:28:67: warning: rollback.marks[0].table: sessions is ignored as a whole');
  });
});

describe('A way back that is written takes effect', () => {
  it('in the steps, the targets, the gate and the rules of rows', async () => {
    const tries = '{ deploy: [{ retry: 3, every: 10s }, { ask: 30m, silence: rollback }], snapshot: [{ retry: 1 }] }';
    const content = shopWith(
      ['needs: 1 }', 'needs: 1, drill: { within: 30d } }'],
      backend('    needs: [database]', `    onFailure: ${tries}`),
      plan(
        'onFailure: { smoke: [{ ask: 15m }] }',
        'rollback: { hold: 2m, ignore: [sessions], marks: [{ table: orders, column: note, like: smoke-% }], dataLoss: { allow: { rows: 5, within: 30m } } }',
      ),
    );
    const { plan: made } = await loaded(content);
    expect(made.drillWithinMs).toBe(30 * 24 * 60 * 60_000);
    expect(made.targets.map(({ needs }) => needs)).toEqual([undefined, ['database']]);
    expect(made.rollback).toEqual({
      holdMs: 120_000,
      ignore: ['sessions'],
      marks: [{ table: 'orders', column: 'note', like: 'smoke-%' }],
      dataLoss: { rows: 5, withinMs: 1_800_000 },
    });
    const tried = made.steps.flatMap(({ id, onFailure }) => (onFailure === undefined ? [] : [[id, onFailure]]));
    expect(tried).toEqual([
      ['snapshot backend', [{ do: 'retry', times: 1, everyMs: 30_000 }]],
      [
        'deploy backend',
        [
          { do: 'retry', times: 3, everyMs: 10_000 },
          { do: 'ask', deadlineMs: 1_800_000, silence: 'roll-back' },
        ],
      ],
      ['smoke', [{ do: 'ask', deadlineMs: 900_000, silence: null }]],
    ]);
  });

  it('and a plan that says nothing of it is what it was before', async () => {
    const { plan: made } = await loaded(shop);
    expect(made).not.toHaveProperty('drillWithinMs');
    expect(JSON.stringify(made)).not.toMatch(/onFailure|"needs":\["/);
  });

  it('for the checks after a seed and for a preflight that is asked twice', async () => {
    const content = shopWith(
      database(
        '    seed: { directory: ./seeds }',
        '    verifySeed: [{ name: prices, kind: sql, url: "${env:URL}", query: SELECT 1, expect: { min: 1 } }]',
        '    onFailure: { migrate: [{ retry: 1 }], seed: [{ retry: 2 }], verifySeed: [{ ask: 5m }] }',
      ),
      plan('onFailure: { preflight: [{ retry: 4, every: 1m }] }'),
    );
    const { plan: made } = await loaded(content);
    expect(made.steps.filter(({ onFailure }) => onFailure !== undefined).map(({ id }) => id)).toEqual([
      'preflight',
      'preflight again',
      'migrate database',
      'seed database',
      'verify seed of database',
    ]);
  });

  it('a migration by a command may be tried again where the plan says that it is repeatable', async () => {
    const repeatable: Change = ['command: [npm, run, migrate]', 'command: [npm, run, migrate], repeatable: true'];
    const content = shopWith(byCommand, repeatable, database('    onFailure: { migrate: [{ retry: 2 }] }'));
    expect(said(await loaded(content))).toEqual([]);
  });
});
