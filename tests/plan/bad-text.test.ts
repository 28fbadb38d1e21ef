import { describe, expect, it } from 'vitest';
import { load, said, shopWith } from './plans.ts';

type Case = { on: string; changes: [piece: string, by: string][]; says: string[] };

const cases: Case[] = [
  {
    on: 'a reference of an unknown sort',
    changes: [['${env:SHOP_ADMIN_URL}', '${environment:SHOP}']],
    says: [
      'release.yaml:14:10: targets.database.url: unknown reference ${environment:SHOP}; did you mean ${env:SHOP}?',
    ],
  },
  {
    on: 'a misspelled reference to the version',
    changes: [['${version}/backend', '${verison}/backend']],
    says: ['release.yaml:23:13: targets.backend.source: unknown reference ${verison}; did you mean ${version}?'],
  },
  {
    on: 'a variable of a shell',
    changes: [['${env:SHOP_ADMIN_URL}', '${SHOP_ADMIN_URL}']],
    says: [
      'release.yaml:14:10: targets.database.url: unknown reference ${SHOP_ADMIN_URL}; did you mean ${env:SHOP_ADMIN_URL}?',
    ],
  },
  {
    on: 'a reference to no possible variable',
    changes: [['${env:SHOP_ADMIN_URL}', '${env:SHOP ADMIN}']],
    says: [
      'release.yaml:14:10: targets.database.url: malformed reference ${env:SHOP ADMIN}; write ${env:NAME} with the name of a variable',
    ],
  },
  {
    on: 'a reference that is not closed',
    changes: [['${env:SHOP_ADMIN_URL}', '"${env:SHOP"']],
    says: ['release.yaml:14:10: targets.database.url: the reference "${env:SHOP" is not closed; end it with }'],
  },
  {
    on: 'a password in an address',
    changes: [['${env:SHOP_ADMIN_URL}', 'postgres://admin:hunter2@127.0.0.1/shop']],
    says: [
      'release.yaml:14:10: targets.database.url: a password in an address is written in the clear; use ${env:NAME} or ${file:path}',
    ],
  },
  {
    on: 'a token in the environment',
    changes: [['    run: [node, server.mjs]', '    run: [node, server.mjs]\n    env: { API_TOKEN: abc123 }']],
    says: [
      'release.yaml:25:23: targets.backend.env.API_TOKEN: a secret is written in the clear; use ${env:NAME} or ${file:path}',
    ],
  },
  {
    on: 'a secret in a header',
    changes: [
      [
        'url: "http://127.0.0.1:8080/health" }',
        'url: "http://127.0.0.1:8080/health", headers: { Authorization: Bearer abc } }',
      ],
    ],
    says: [
      'release.yaml:10:102: preflight[0].headers.Authorization: a secret is written in the clear; use ${env:NAME} or ${file:path}',
    ],
  },
  {
    on: 'a secret in an argument',
    changes: [['[node, server.mjs]', '[node, server.mjs, --token=abc]']],
    says: [
      'release.yaml:24:29: targets.backend.run[2]: a secret in an argument is written in the clear; use ${env:NAME} or ${file:path}',
    ],
  },
  {
    on: 'a key that is given twice',
    changes: [['environment: production', 'environment: production\napplication: other']],
    says: ['release.yaml:3:1: this key was given before; keep one of them'],
  },
  {
    on: 'a tab as indentation',
    changes: [['  database:\n', '	database:\n']],
    says: ['release.yaml:12:1: a tab is used as indentation; use spaces'],
  },
  {
    on: 'a bracket that is not closed',
    changes: [['ports: [4001, 4002]', 'ports: [4001, 4002']],
    says: ['release.yaml:26:1: flow sequence in block collection must be sufficiently indented and end with a ]'],
  },
  {
    on: 'an alias without its anchor',
    changes: [['ports: [4001, 4002]', 'ports: *ports']],
    says: ['release.yaml:25:12: no anchor &ports stands before this alias'],
  },
  {
    on: 'a reference without quotes inside braces',
    changes: [['"./versions/${version}/migrations"', './versions/${version}/migrations']],
    says: [
      'release.yaml:16:39: unexpected flow-map-start at node end; inside { } and [ ] put a text that holds ${...} in quotes',
    ],
  },
  {
    on: 'two documents in one file',
    changes: [['smoke:\n', '---\nsmoke:\n']],
    says: [
      'release.yaml:26:1: a second document begins here; one file holds one plan; remove the line "---" and what follows it',
    ],
  },
];

describe('A plan with broken YAML, references or secrets is refused with', () => {
  it.each(cases)('one exact message on $on', async ({ changes, says }) => {
    const result = await load(shopWith(...changes));
    expect(said(result)).toEqual(says);
    expect(result).toHaveProperty('problems');
  });
});
