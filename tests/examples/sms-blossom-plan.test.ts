import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';

const folder = new URL('../../examples/sms-blossom/', import.meta.url);
const text = await readFile(new URL('release.yaml', folder), 'utf8');
const page = await readFile(new URL('README.md', folder), 'utf8');

/** A value such as `checks.queues.at` of the plan. */
function at(plan: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((word) => word !== '')
    .reduce<unknown>((value, word) => Reflect.get(Object(value), word), plan);
}

it('the plan has no problem and no warning', async () => {
  const loaded = await loadPlan(new URL('release.yaml', folder).pathname, 'v1.0.0', { host: 'test' });
  expect(loaded).not.toHaveProperty('problems');
  expect(loaded).toMatchObject({ warnings: [] });
});

it('SB-01 to SB-11: each section of the written runbook is a part of the plan', () => {
  const plan: unknown = parse(text, { merge: true });
  const rows = [...page.matchAll(/^\| .* \| (.*) \| (SB-\d\d) \|$/gm)];
  for (const [, paths = '', row] of rows) {
    const keys = [...paths.matchAll(/`([a-z][^`]*)`/g)].map(([, path = '']) => path).filter((path) => path !== 'at');
    expect(keys, row).not.toEqual([]);
    for (const path of keys) expect(at(plan, path), `${row}: ${path}`).toBeDefined();
  }
  const numbers = new Set(rows.map(([, , row]) => row));
  expect([...numbers].sort()).toEqual(
    Array.from({ length: 11 }, (_, index) => `SB-${String(index + 1).padStart(2, '0')}`),
  );
});

it('SB-01: the groups are the nine of the runbook, in its order', () => {
  const plan: unknown = parse(text, { merge: true });
  expect(Object.keys(Object(at(plan, 'checks')))).toEqual(
    'configuration database queues security webhooks templates campaigns reports metrics'.split(' '),
  );
});

it('SB-10: nothing in the plan flushes Redis or resets a database', () => {
  const commands = text.replace(/^\s*#.*$/gm, '');
  expect(commands).not.toMatch(/flush|migrate reset|--force|dropdb|DROP /i);
});

it('every variable that the checks use is one that the configuration asks for, and that .env.example names', async () => {
  const used = new Set([...text.matchAll(/\$\{env:(\w+)\}/g)].map(([, name]) => name ?? ''));
  const example = await readFile(new URL('.env.example', folder), 'utf8');
  const required = at(parse(text, { merge: true }), 'checks.configuration.checks[0].required');
  const always = [...used].filter((name) => name !== 'DATABASE_ADMIN_URL');
  expect(required).toEqual(expect.arrayContaining(always));
  for (const name of used) expect(example).toContain(`${name}=`);
});
