import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';
import type { Plan } from '../../src/release/plan.ts';
import type { KindTraits } from '../../src/release/target.ts';
import type { Outlook, StepOutlook } from '../../src/report/outlook.ts';
import { type MemoryPlan, memoryPlan } from '../support/plans.ts';

/** A plan over `memory` targets. `database`: what its kind can do, whatever `memory` can do by now. */
export async function shopPlan(parts: Partial<MemoryPlan> = {}, database: Partial<KindTraits> = {}): Promise<Plan> {
  const home = await mkdtemp(join(tmpdir(), 'savepoint-outlook-'));
  try {
    const file = join(home, 'release.yaml');
    await writeFile(file, stringify(memoryPlan({ application: 'shop', ...parts })));
    const loaded = await loadPlan(file, 'v2', { host: 'test' });
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    const targets = loaded.plan.targets.map((target) => {
      const traits = { ...target.traits, measures: false, confirms: false };
      return { ...target, traits: target.traits.stores ? { ...traits, ...database } : traits };
    });
    return { ...loaded.plan, targets };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

export function stepOf(table: Outlook, id: string): StepOutlook {
  const found = table.steps.find((step) => step.id === id);
  if (found === undefined) throw new Error(`no step ${id} in ${table.steps.map((step) => step.id).join(', ')}`);
  return found;
}

/** What each failure of a step leads to: `state → end`. */
export function leadsTo(table: Outlook, id: string): string[] {
  return stepOf(table, id).prospects.map(({ when, leadsTo: end }) => `${when} → ${end}`);
}

/** The turns of the way with this number, or that goes when a step fails by itself. */
export function turnsOf(table: Outlook, way: number | null | undefined): string[][] {
  return table.ways.find(({ id }) => id === way)?.turns ?? [];
}
