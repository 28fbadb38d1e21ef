import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { planDigest } from '../../src/plan/digest.ts';
import { releaseDigest } from '../../src/release/digest.ts';
import type { Json } from '../../src/release/json.ts';
import type { Artefact } from '../../src/release/target.ts';
import { loaded, shop, shopWith } from './plans.ts';

async function digestOf(content: string, version = 'v2'): Promise<string> {
  return (await loaded(content, { version })).digest;
}

/** The order of targets is the order of the release; everywhere else the order of keys means nothing. */
function shuffled(value: unknown, random: () => number, path = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random, `${path}[]`));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, shuffled(item, random, `${path}.${key}`)] as const);
  if (path === '.targets') return Object.fromEntries(entries);
  return Object.fromEntries(
    entries
      .map((entry) => ({ entry, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ entry }) => entry),
  );
}

/** Every value that can be changed into another good one. */
const changes: [piece: string, by: string][] = [
  ['application: shop', 'application: shopp'],
  ['environment: production', 'environment: staging'],
  ['name: Product owner', 'name: Owner'],
  ['deciders: [product-owner]', 'deciders: [deployment-lead]'],
  ['deadline: 30m', 'deadline: 31m'],
  ['remindEvery: 5m', 'remindEvery: 6m'],
  ['shop answers', 'shop replies'],
  ['8080/health', '8081/health'],
  ['env:SHOP_ADMIN_URL', 'env:OTHER_URL'],
  ['writers: [backend]', 'writers: []'],
  ['/migrations', '/migration'],
  ['compatibility: backward', 'compatibility: both'],
  ['query: SELECT 1', 'query: SELECT 2'],
  ['expect: { value: 1 }', 'expect: { value: 2 }'],
  ['root: ./run/backend', 'root: ./run/other'],
  ['[node, server.mjs]', '[node, other.mjs]'],
  ['[4001, 4002]', '[4002, 4001]'],
  [', repeatable: true', ', repeatable: true, critical: false'],
  ['every: 15m', 'every: 16m'],
  ['every: 1s', 'every: 2s'],
  ['consult: 5 %', 'consult: 4 %'],
];

describe('The digest of a plan', () => {
  it('is a SHA-256 and stays the same for the same meaning', async () => {
    expect(await digestOf(shop)).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestOf(shop)).toBe(await digestOf(shop));
  });

  it('does not see comments, quotes, layout, the order of keys or free keys', async () => {
    const expected = await digestOf(shop);
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.integer({ min: 2, max: 6 }),
        async (stream, indent) => {
          const data = shuffled(parse(shop), () => stream.next().value ?? 0);
          const text = stringify(data, { indent, lineWidth: 40, defaultStringType: 'QUOTE_DOUBLE' });
          const commented = text.replaceAll(/^(\S)/gm, '# a comment\n\n$1');
          expect(await digestOf(`x-free: ${indent}\n${commented}`)).toBe(expected);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('changes with every value, and with every combination of them', async () => {
    const seen = new Map<string, string>([[await digestOf(shop), 'none']]);
    for (const change of changes) {
      const digest = await digestOf(shopWith(change));
      expect(seen.get(digest), `${change[0]} → ${change[1]}`).toBeUndefined();
      seen.set(digest, change[0]);
    }
    const some = fc.subarray(changes, { minLength: 2 });
    await fc.assert(
      fc.asyncProperty(some, some, async (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect((await digestOf(shopWith(...one))) === (await digestOf(shopWith(...other)))).toBe(same);
      }),
      { numRuns: 25 },
    );
  });

  it('changes with the version and with the order of the targets', async () => {
    expect(await digestOf(shop, 'v3')).not.toBe(await digestOf(shop, 'v2'));
    const site = '  site: { kind: site, root: ./run/www, source: . }\n';
    const other = '  docs: { kind: site, root: ./run/docs, source: . }\n';
    const oneWay = shopWith(['smoke:\n', `${site}${other}smoke:\n`]);
    const otherWay = shopWith(['smoke:\n', `${other}${site}smoke:\n`]);
    expect(await digestOf(oneWay)).not.toBe(await digestOf(otherWay));
  });

  it('is the same on every host and in every directory', async () => {
    const here = await loaded(shop, { host: 'here' });
    const there = await loaded(shop, { host: 'there', taskQueue: 'other' });
    expect(there.plan.home).not.toBe(here.plan.home);
    expect(there.digest).toBe(here.digest);
    expect(planDigest({ ...here.plan, version: 'v3' })).not.toBe(here.digest);
  });
});

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

function artefact(digest: string, parts: Record<string, string>, location: string | null = null): Artefact {
  return { digest, location, parts: Object.entries(parts).map(([name, part]) => ({ name, digest: part })) };
}

describe('The digest that people approve', () => {
  const approved = {
    planDigest: 'p',
    artefacts: { database: artefact('d', { '1.sql': 'a', '2.sql': 'b' }), backend: artefact('e', {}, '/some/where') },
    secrets: [
      { name: 'env:A', version: '1' },
      { name: 'env:B', version: '1' },
    ],
  };

  it('changes when a migration is edited, a secret is rotated, or the plan is changed', () => {
    const before = releaseDigest(approved, hash);
    const edited = {
      ...approved,
      artefacts: { ...approved.artefacts, database: artefact('d', { '1.sql': 'a', '2.sql': 'c' }) },
    };
    const rotated = { ...approved, secrets: [{ name: 'env:A', version: '2' }, ...approved.secrets.slice(1)] };
    const rebuilt = { ...approved, artefacts: { ...approved.artefacts, backend: artefact('f', {}) } };
    const fewer = { ...approved, artefacts: { database: approved.artefacts.database } };
    const all = [edited, rotated, rebuilt, fewer, { ...approved, planDigest: 'q' }].map((each) =>
      releaseDigest(each, hash),
    );
    expect(new Set([before, ...all]).size).toBe(6);
  });

  it('does not see where an artefact lies, nor any order', () => {
    const moved = {
      planDigest: 'p',
      artefacts: { backend: artefact('e', {}, '/else/where'), database: artefact('d', { '2.sql': 'b', '1.sql': 'a' }) },
      secrets: approved.secrets.toReversed(),
    };
    expect(releaseDigest(moved, hash)).toBe(releaseDigest(approved, hash));
  });

  it('never mixes two parts into one', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.dictionary(fc.string(), fc.string()), (one, other) => {
        const digest = (parts: Record<string, string>): string =>
          releaseDigest({ planDigest: 'p', artefacts: { a: artefact('x', parts) }, secrets: [] }, (text) => text);
        const sorted = (parts: Json): string => JSON.stringify(Object.entries(parts ?? {}).sort());
        expect(digest(one) === digest(other)).toBe(sorted(one) === sorted(other));
      }),
    );
  });
});
