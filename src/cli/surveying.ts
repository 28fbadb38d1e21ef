import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Json } from '../release/json.ts';
import type { Plan, PlannedTarget } from '../release/plan.ts';
import type { Finding } from './examining.ts';
import { told } from './failing.ts';
import type { Io } from './io.ts';

const patienceMs = 15_000;

/** Asks every target that can be reached from here whether it can be changed and brought back. Changes nothing. */
export async function surveyFindings(io: Io, plan: Plan): Promise<Finding[]> {
  const findings = await Promise.all(plan.targets.map((target) => survey(io, plan, target)));
  return findings.flat();
}

async function survey(io: Io, plan: Plan, target: PlannedTarget): Promise<Finding[]> {
  const spec = await withValues(io, plan.home, target.spec);
  if (spec === null) {
    const what = `${target.name} was not surveyed: not all of its references have a value here`;
    return [{ about: 'targets', status: 'WARN', what }];
  }
  try {
    const { loadTarget } = await import('../targets/kinds.ts');
    const { findings } = await (await loadTarget(target.kind)).survey(callOf(plan, target, spec));
    const asFound = findings.map(
      (found): Finding => ({ ...found, about: 'targets', what: `${target.name}: ${found.what}` }),
    );
    const fine: Finding = { about: 'targets', status: 'PASS', what: `${target.name}: nothing in the way` };
    return asFound.length > 0 ? asFound : [fine];
  } catch (error) {
    const { message, kind } = told(error);
    if (kind === 'unexpected') throw error;
    return [{ about: 'targets', status: 'WARN', what: `${target.name} could not be surveyed from here: ${message}` }];
  }
}

/** The oldest fence there is: a survey never outranks a release. */
function callOf(plan: Plan, target: PlannedTarget, spec: Json) {
  return {
    spec,
    application: plan.application,
    environment: plan.environment,
    target: target.name,
    release: 'doctor',
    home: plan.home,
    key: `doctor/${target.name}/survey`,
    fence: 0,
    pinned: null,
    signal: AbortSignal.timeout(patienceMs),
    log: { info: () => {}, warn: () => {} },
  };
}

/** The spec with its references replaced, null when one of them has no value. Nothing of it is ever shown. */
async function withValues(io: Io, home: string, spec: Json): Promise<Json | null> {
  const { referencesIn } = await import('../plan/references.ts');
  const { mapTexts } = await import('../plan/walk.ts');
  const values = new Map<string, string>();
  for (const reference of referencesIn(spec)) {
    const value = await valueBehind(io, home, reference);
    if (value === null) return null;
    values.set(reference, value);
  }
  return mapTexts(spec, (text) =>
    text.replace(/\$\{((?:env|file):[^}]+)\}/g, (whole, reference: string) => values.get(reference) ?? whole),
  ) as Json;
}

async function valueBehind(io: Io, home: string, reference: string): Promise<string | null> {
  const name = reference.slice(reference.indexOf(':') + 1);
  if (reference.startsWith('env:')) return io.env[name] ?? null;
  const text = await readFile(resolve(home, name), 'utf8').catch(() => null);
  return text === null ? null : text.trim();
}
