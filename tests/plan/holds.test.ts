import { expect, it } from 'vitest';
import { loaded, shopWith } from './plans.ts';

/** Who can be held is what the way back stops before the schema under it changes. */
async function holds(...more: string[]): Promise<Record<string, boolean>> {
  const cache = ['  cache:', '    kind: command', '    apply: { deploy: [./warm] }', '    restore: [./cool]', ...more];
  const { plan } = await loaded(shopWith(['smoke:', `${cache.join('\n')}\nsmoke:`]));
  return Object.fromEntries(plan.targets.map(({ name, traits }) => [name, traits.holds]));
}

it('a command without a way to hold is never told to hold', async () => {
  expect(await holds()).toEqual({ database: true, backend: true, cache: false });
});

it('a command with one is held like every other', async () => {
  const way = ['    hold: [./stop]', '    resume: [./start]'];
  expect(await holds(...way)).toEqual({ database: true, backend: true, cache: true });
});
