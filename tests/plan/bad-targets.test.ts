import { describe, expect, it } from 'vitest';
import { load, said, shop, shopWith } from './plans.ts';

const shopTargets = shop.slice(shop.indexOf('targets:'), shop.indexOf('smoke:'));

type Case = { on: string; changes: [piece: string, by: string][]; says: string[] };

const cases: Case[] = [
  {
    on: 'a writer that is no target',
    changes: [['writers: [backend]', 'writers: [backed]']],
    says: ['release.yaml:15:15: targets.database.writers[0]: no target is called backed; did you mean "backend"?'],
  },
  {
    on: 'a target that writes to itself',
    changes: [['writers: [backend]', 'writers: [database]']],
    says: ['release.yaml:15:15: targets.database.writers[0]: database cannot be its own writer; name the services'],
  },
  {
    on: 'a migration without its compatibility',
    changes: [['    compatibility: backward\n', '']],
    says: [
      'release.yaml:12:3: targets.database.compatibility: is missing: database is changed by migrate; say backward, forward, both or breaking',
    ],
  },
  {
    on: 'a compatibility of code',
    changes: [['    root: ./run/backend', '    root: ./run/backend\n    compatibility: both']],
    says: [
      'release.yaml:23:5: targets.backend.compatibility: a target of kind process holds no data; remove compatibility',
    ],
  },
  {
    on: 'a database that is changed before the code and only forward-compatible',
    changes: [['compatibility: backward', 'compatibility: forward']],
    says: [
      'release.yaml:17:20: targets.database.compatibility: backend is changed after database, so its previous code runs on the new schema, and forward does not allow that; put database after backend, or say breaking, which holds the writers meanwhile',
    ],
  },
  {
    on: 'a breaking migration without writers',
    changes: [
      ['compatibility: backward', 'compatibility: breaking'],
      ['    writers: [backend]\n', ''],
    ],
    says: [
      'release.yaml:12:3: targets.database: the migration is breaking and no writers are named, so none can be held before it; add writers: [...]',
    ],
  },
  {
    on: 'a port that two services want',
    changes: [
      [
        'smoke:\n',
        '  worker: { kind: process, root: ./run/worker, source: ., run: [node, w.mjs], ports: [4002] }\nsmoke:\n',
      ],
    ],
    says: ['release.yaml:26:87: targets.worker.ports[0]: port 4002 is already used by backend; choose another port'],
  },
  {
    on: 'a directory that two targets want',
    changes: [
      [
        'smoke:\n',
        '  worker: { kind: process, root: run/backend/, source: ., run: [node, w.mjs], ports: [4003] }\nsmoke:\n',
      ],
    ],
    says: [
      'release.yaml:26:34: targets.worker.root: run/backend/ is already the root of backend; give each target a directory of its own',
    ],
  },
  {
    on: 'a database that is named twice',
    changes: [['smoke:\n', '  again: { kind: postgres, url: "${env:SHOP_ADMIN_URL}" }\nsmoke:\n']],
    says: ['release.yaml:26:3: targets.again: is the same database as database; name every database once'],
  },
  {
    on: 'seed checks without a seed',
    changes: [['    verify:\n', '    verifySeed:\n']],
    says: ['release.yaml:18:5: targets.database.verifySeed: database has no seed to verify; use verify, or add a seed'],
  },
  {
    on: 'two ways to migrate at once',
    changes: [
      ['{ directory: "./versions/${version}/migrations" }', '{ directory: ./m, command: [npm, run, migrate] }'],
    ],
    says: [
      'release.yaml:16:14: targets.database.migrate: must have either directory: (of SQL files) or command:, not both',
    ],
  },
  {
    on: 'no target at all',
    changes: [[shopTargets, 'targets: {}\n']],
    says: ['release.yaml:11:10: targets: must hold at least one target'],
  },
  {
    on: 'a database that is changed after the code and not forward-compatible',
    changes: [['  database:\n', '  front: { kind: site, root: ./run/www, source: . }\n  database:\n']],
    says: [
      'release.yaml:18:20: targets.database.compatibility: front is changed before database, so its new code runs on the old schema, and backward does not allow that; put database before front, or make the migration forward',
    ],
  },
];

describe('A plan whose targets do not fit together is refused with', () => {
  it.each(cases)('one exact message on $on', async ({ changes, says }) => {
    const result = await load(shopWith(...changes));
    expect(said(result)).toEqual(says);
    expect(result).toHaveProperty('problems');
  });
});
