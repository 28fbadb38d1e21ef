import type { Json } from '../release/json.ts';
import type { Plan, PlannedTarget } from '../release/plan.ts';
import type { Call } from '../release/target.ts';
import { told } from './failing.ts';
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
    const found = await valueBehind(io, home, reference);
    if ('missing' in found) missing.push(reference);
    else values.set(reference, found.value);
  }
  const filled = mapTexts(spec, (text) =>
    text.replace(/\$\{([a-z-]+:[^}]+)\}/g, (whole, reference: string) => values.get(reference) ?? whole),
  );
  return { spec: filled as Json, missing };
}

/** The value as a worker with this environment would find it, or why there is none. Never shown. */
export async function valueBehind(
  io: Io,
  home: string,
  reference: string,
): Promise<{ value: string } | { missing: string }> {
  const { readReference } = await import('../secrets/resolve.ts');
  try {
    return await readReference(reference, { env: io.env, home });
  } catch (error) {
    const { kind, message } = told(error);
    if (kind === 'unexpected') throw error;
    return { missing: message };
  }
}
