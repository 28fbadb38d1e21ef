import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Json } from '../release/json.ts';
import type { Plan, PlannedTarget } from '../release/plan.ts';
import type { Call } from '../release/target.ts';
import type { Io } from './io.ts';

/** A call from a terminal. The oldest fence there is: it never outranks a release. */
export function callOf(
  plan: Plan,
  target: PlannedTarget,
  of: { spec: Json; verb: string; patienceMs: number },
): Call<Json> {
  return {
    spec: of.spec,
    application: plan.application,
    environment: plan.environment,
    target: target.name,
    release: 'terminal',
    home: plan.home,
    key: `terminal/${target.name}/${of.verb}`,
    fence: 0,
    pinned: null,
    signal: AbortSignal.timeout(of.patienceMs),
    log: { info: () => {}, warn: () => {} },
  };
}

/** The spec with its references replaced, and the references that have no value here. Nothing of it is ever shown. */
export async function valuesIn(io: Io, home: string, spec: Json): Promise<{ spec: Json; missing: string[] }> {
  const { referencesIn } = await import('../plan/references.ts');
  const { mapTexts } = await import('../plan/walk.ts');
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const reference of referencesIn(spec)) {
    const value = await valueBehind(io, home, reference);
    if (value === null) missing.push(reference);
    else values.set(reference, value);
  }
  const filled = mapTexts(spec, (text) =>
    text.replace(/\$\{((?:env|file):[^}]+)\}/g, (whole, reference: string) => values.get(reference) ?? whole),
  );
  return { spec: filled as Json, missing };
}

async function valueBehind(io: Io, home: string, reference: string): Promise<string | null> {
  const name = reference.slice(reference.indexOf(':') + 1);
  if (reference.startsWith('env:')) return io.env[name] ?? null;
  const text = await readFile(resolve(home, name), 'utf8').catch(() => null);
  return text === null ? null : text.trim();
}
