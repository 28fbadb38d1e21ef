import type { Plan, PlannedTarget } from '../release/plan.ts';
import type { Finding } from './examining.ts';
import { told } from './failing.ts';
import type { Io } from './io.ts';
import { callOf, valuesIn } from './reaching.ts';

const patienceMs = 15_000;

/** Asks every target that can be reached from here whether it can be changed and brought back. Changes nothing. */
export async function surveyFindings(io: Io, plan: Plan): Promise<Finding[]> {
  const findings = await Promise.all(plan.targets.map((target) => survey(io, plan, target)));
  return findings.flat();
}

async function survey(io: Io, plan: Plan, target: PlannedTarget): Promise<Finding[]> {
  const { spec, missing } = await valuesIn(io, plan.home, target.spec);
  if (missing.length > 0) {
    const what = `${target.name} was not surveyed: not all of its references have a value here`;
    return [{ about: 'targets', status: 'WARN', what }];
  }
  try {
    const { loadTarget } = await import('../targets/kinds.ts');
    const { findings } = await (await loadTarget(target.kind)).survey(
      callOf(plan, target, { spec, verb: 'survey', patienceMs }),
    );
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
