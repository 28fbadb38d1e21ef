import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseWritten } from '../../src/plan/explain.ts';
import { releaseJsonSchema } from '../../src/plan/json-schema.ts';
import { loadPlan } from '../../src/plan/load.ts';
import { releaseSchema } from '../../src/plan/schema/release.schema.ts';
import { said, shop, shopWith } from './plans.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const validate = new Ajv({ strict: false, validateFormats: false }).compile(releaseJsonSchema());

/** What an editor says of a text, and what the loader's schema says of it. */
function accepted(content: string): { editor: boolean; loader: boolean } {
  const data: unknown = parse(content, { merge: true });
  return { editor: validate(data), loader: parseWritten(releaseSchema, data).objections.length === 0 };
}

const good: [piece: string, by: string][][] = [
  [],
  [['application: shop', 'x-free: [1, 2]\napplication: shop']],
  [['    root: ./run/backend', '    x-note: free\n    root: ./run/backend']],
  [['deadline: 30m', 'deadline: 1.5h']],
  [['[node, server.mjs]', '[node, server.mjs]\n    env: { A: 1, B: true, C: text }']],
  [['    source: ./versions/${version}/backend', '    source: { git: ., ref: main, path: backend }']],
  [['watch:\n', 'rollback: { dataLoss: { allow: { rows: 0, within: 30m } }, ignore: [sessions] }\nwatch:\n']],
  [['people:\n', 'window: { days: [sunday], from: "23:30", to: "05:00", timezone: Asia/Dhaka }\npeople:\n']],
  [['watch:\n', 'notify: [{ kind: command, run: [./tell.sh], on: [blocked] }]\nwatch:\n']],
  [['expect: { value: 1 }', 'expect: { rows: { min: 1 } }']],
  [['    root: ./run/backend', '    root: ./run/backend\n    needs: [database]']],
  [['    root: ./run/backend', '    root: ./run/backend\n    needs: []']],
  [['    root: ./run/backend', '    root: ./run/backend\n    onFailure: { deploy: [{ retry: 3, every: 5s }] }']],
  [['watch:\n', 'onFailure: { smoke: [{ retry: 1 }, { ask: 30m, silence: stay }] }\nwatch:\n']],
  [['watch:\n', 'rollback: { marks: [{ table: shop.orders, column: note, like: smoke-% }], hold: 2m }\nwatch:\n']],
  [['needs: 1 }', 'needs: 1, drill: { within: 30d } }']],
  [
    [
      '8080/health"',
      '8080/health", expect: { status: [200, 3xx], json: { "$.a": { max: 3 } }, text: ok, latency: 300ms }',
    ],
  ],
];

const bad: [piece: string, by: string][][] = [
  [['application: shop', 'applicaton: shop']],
  [['environment: production\n', '']],
  [['kind: postgres', 'kind: mysql']],
  [['kind: sql', 'kind: sequel']],
  [['    root: ./run/backend', '    roots: ./run/backend']],
  [['application: shop', 'application: Shop']],
  [['  backend:\n', '  Backend:\n']],
  [['deadline: 30m', 'deadline: 30']],
  [['deadline: 30m', 'deadline: 0m']],
  [['deadline: 30m', 'deadline: half an hour']],
  [['rollBack: 10 %', 'rollBack: 101 %']],
  [['rollBack: 10 %', 'rollBack: 10']],
  [['errors: { rollBack: 10 %, consult: 5 % }', 'errors: {}']],
  [['compatibility: backward', 'compatibility: none']],
  [['ports: [4001, 4002]', 'ports: []']],
  [['ports: [4001, 4002]', 'ports: [0]']],
  [['ports: [4001, 4002]', 'ports: [4001.5]']],
  [['run: [node, server.mjs]', 'run: node server.mjs']],
  [['deciders: [product-owner]', 'deciders: []']],
  [['repeatable: true', 'repeatable: yes']],
  [['watch:\n', 'rollback: { dataLoss: { allow: { rows: 100 } } }\nwatch:\n']],
  [['watch:\n', 'notify: [{ kind: pigeon }]\nwatch:\n']],
  [['people:\n', 'window: { days: [caturday], from: "02:00", to: "06:00", timezone: UTC }\npeople:\n']],
  [['schedule: [{ every: 15m, for: 4h }]', 'schedule: []']],
  [['    root: ./run/backend', '    root: ./run/backend\n    needs: database']],
  [['    root: ./run/backend', '    root: ./run/backend\n    onFailure: { deploy: [] }']],
  [['    root: ./run/backend', '    root: ./run/backend\n    onFailure: { deploy: [{ retry: 11 }] }']],
  [['watch:\n', 'onFailure: { smoke: [{ ask: 30m, silence: restore }] }\nwatch:\n']],
  [['watch:\n', 'onFailure: { watch: [{ retry: 1 }] }\nwatch:\n']],
  [['watch:\n', 'rollback: { ignore: [a.b.c] }\nwatch:\n']],
  [['needs: 1 }', 'needs: 1, drill: { within: 30 } }']],
];

describe('The JSON Schema for editors', () => {
  it.each(good)('accepts what the loader accepts: %j', (...changes) => {
    expect(accepted(shopWith(...changes))).toEqual({ editor: true, loader: true });
  });

  it.each(bad)('refuses what the loader refuses: %j', (...changes) => {
    expect(accepted(shopWith(...changes))).toEqual({ editor: false, loader: false });
  });

  it('is the file that is published', async () => {
    const published: unknown = JSON.parse(await readFile(join(root, 'schema/release.schema.json'), 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(releaseJsonSchema())));
  });

  it('explains every key', () => {
    expect(withoutDescription(releaseJsonSchema(), '')).toEqual([]);
  });
});

/** Paths of the properties that say nothing about themselves. */
function withoutDescription(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const found: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') {
      for (const [name, field] of Object.entries(value as Record<string, unknown>)) {
        const said = typeof field === 'object' && field !== null && 'description' in field;
        if (!said) found.push(`${path}.${name}`);
      }
    }
    if (key !== 'default' && key !== 'enum')
      found.push(...withoutDescription(value, key === 'properties' ? path : `${path}.${key}`));
  }
  return found;
}

describe('The examples', async () => {
  const names = await readdir(join(root, 'examples'));

  it.each(names)('%s is accepted by editors, and loads', async (name) => {
    const file = join(root, 'examples', name, 'release.yaml');
    const content = await readFile(file, 'utf8');
    expect(accepted(content)).toEqual({ editor: true, loader: true });
    const loaded = await loadPlan(file, 'v1', { host: 'here', checkFiles: false });
    expect(said(loaded)).toEqual([]);
    expect(loaded).toHaveProperty('plan');
  });

  it('minimal loads with both of its versions', async () => {
    for (const version of ['1.0.0', '1.1.0']) {
      const loaded = await loadPlan(join(root, 'examples/minimal/release.yaml'), version, { host: 'here' });
      expect(said(loaded)).toEqual([]);
    }
  });

  it('refer to the published schema', async () => {
    for (const name of names) {
      const content = await readFile(join(root, 'examples', name, 'release.yaml'), 'utf8');
      expect(content.split('\n')[0]).toBe('# yaml-language-server: $schema=../../schema/release.schema.json');
    }
  });
});

it('the shop of these tests is a good plan', () => {
  expect(accepted(shop)).toEqual({ editor: true, loader: true });
});
