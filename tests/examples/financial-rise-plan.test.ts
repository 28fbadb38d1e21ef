import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';

const folder = new URL('../../examples/financial-rise/', import.meta.url);

/** A path such as `preflight[9].alarms` in the plan. */
function at(plan: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((word) => word !== '')
    .reduce<unknown>((value, word) => Reflect.get(Object(value), word), plan);
}

it('the plan has no problem', async () => {
  expect(await loadPlan(fileURLToPath(new URL('release.yaml', folder)), 'v1.0.0', { host: 'test' })).not.toHaveProperty(
    'problems',
  );
});

it('FR-01 to FR-18: each section of the written runbook is a part of the plan', async () => {
  const plan: unknown = parse(await readFile(new URL('release.yaml', folder), 'utf8'));
  const page = await readFile(new URL('README.md', folder), 'utf8');
  const rows = [...page.matchAll(/^\| .* \| (.*) \| (FR-\d\d) \|$/gm)];
  for (const [, paths = '', row] of rows) {
    for (const [, path = ''] of paths.matchAll(/`([^`]+)`/g)) expect(at(plan, path), `${row}: ${path}`).toBeDefined();
  }
  const numbers = new Set(rows.map(([, , row]) => row));
  expect([...numbers].sort()).toEqual(
    Array.from({ length: 18 }, (_, index) => `FR-${String(index + 1).padStart(2, '0')}`),
  );
});
