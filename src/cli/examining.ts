import type { Readiness } from '../client/readiness.ts';
import { releaseQueues } from '../client.ts';
import type { Plan } from '../release/plan.ts';
import { told } from './failing.ts';
import type { Io } from './io.ts';
import { withClient } from './place.ts';
import { hostName, mustLoadPlan, type PlanRequest } from './planning.ts';
import { valueBehind } from './reaching.ts';

/** One thing that `doctor` looked at. */
export type Finding = {
  about: 'node' | 'plan' | 'temporal' | 'aws' | 'targets';
  status: 'PASS' | 'WARN' | 'FAIL';
  what: string;
  remedy?: string;
};

const oldest = { major: 20, minor: 20 };

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > oldest.major || (major === oldest.major && minor >= oldest.minor);
  if (enough) return { about: 'node', status: 'PASS', what: `Node.js ${version}` };
  const remedy = `Install Node.js ${oldest.major}.${oldest.minor} or newer; 22 and 24 are recommended.`;
  return { about: 'node', status: 'FAIL', what: `Node.js ${version} is too old`, remedy };
}

/** The plan is null when it cannot be used; the findings say why. */
export async function planFindings(io: Io, request: PlanRequest): Promise<{ plan: Plan | null; findings: Finding[] }> {
  try {
    const { plan } = await mustLoadPlan(io, request);
    const what = `the plan is valid: ${plan.application} ${plan.environment}`;
    return { plan, findings: [{ about: 'plan', status: 'PASS', what }, ...(await referenceFindings(io, plan))] };
  } catch (error) {
    const { message, remedy } = told(error);
    return {
      plan: null,
      findings: [{ about: 'plan', status: 'FAIL', what: message, ...(remedy === null ? {} : { remedy }) }],
    };
  }
}

/** References are resolved where the worker runs, which may be elsewhere: what is missing here is a warning. */
async function referenceFindings(io: Io, plan: Plan): Promise<Finding[]> {
  const { referencesIn } = await import('../plan/references.ts');
  const missing: string[] = [];
  const references = referencesIn(plan);
  for (const reference of references) {
    const found = await valueBehind(io, plan.home, reference);
    if ('missing' in found) missing.push(`\${${reference}}${whyMissing(reference, found.missing)}`);
  }
  if (missing.length === 0)
    return [{ about: 'plan', status: 'PASS', what: `${references.length} references have a value here` }];
  const what = `no value here for ${missing.join(', ')}`;
  return [{ about: 'plan', status: 'WARN', what, remedy: 'They are needed where the worker runs.' }];
}

/** Of a variable or a file nothing more is to be said. */
function whyMissing(reference: string, why: string): string {
  return reference.startsWith('aws-') ? `, which ${why}` : '';
}

/** Server, namespace, search attributes and workers. */
export async function temporalFindings(io: Io, plan: Plan | null): Promise<Finding[]> {
  const queues = releaseQueues(plan?.taskQueue ?? io.env.SAVEPOINT_TASK_QUEUE, hostName(io.env));
  const local = plan?.targets.some((target) => target.traits.local) ? plan.localTaskQueue : null;
  try {
    const found = await withClient((client) => client.readiness({ workflow: queues.workflow, local }));
    return [
      serverFinding(found),
      attributesFinding(found),
      ...workerFindings(found, { workflow: queues.workflow, local }),
    ];
  } catch (error) {
    const { message, remedy, kind } = told(error);
    if (kind === 'unexpected') throw error;
    return [{ about: 'temporal', status: 'FAIL', what: message, ...(remedy === null ? {} : { remedy }) }];
  }
}

function serverFinding({ serverVersion, address, namespace }: Readiness): Finding {
  return {
    about: 'temporal',
    status: 'PASS',
    what: `Temporal ${serverVersion} at ${address}, namespace "${namespace}"`,
  };
}

function attributesFinding({ missingAttributes, namespace }: Readiness): Finding {
  if (missingAttributes.length === 0)
    return { about: 'temporal', status: 'PASS', what: 'search attributes are registered' };
  const what = `search attributes are missing: ${missingAttributes.map(({ name }) => name).join(', ')}`;
  const remedy = missingAttributes
    .map(
      ({ name }) => `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`,
    )
    .join('\n');
  return { about: 'temporal', status: 'FAIL', what, remedy };
}

function workerFindings(found: Readiness, queues: { workflow: string; local: string | null }): Finding[] {
  const counted: [string, number | null][] = [
    [queues.workflow, found.workflowWorkers],
    [queues.local ?? '', found.localWorkers],
  ];
  return counted.flatMap(([queue, workers]): Finding[] => {
    if (workers === null) return [];
    if (workers > 0) return [{ about: 'temporal', status: 'PASS', what: `a worker polls "${queue}"` }];
    const remedy = 'Start one with: savepoint worker';
    return [{ about: 'temporal', status: 'FAIL', what: `no worker polls "${queue}"`, remedy }];
  });
}
