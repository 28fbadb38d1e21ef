import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowFailedError, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { stringify } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';
import type { Certificate } from '../../src/release/certificate.ts';
import { chosenCases, type DrillWay } from '../../src/release/drill.ts';
import type { Plan } from '../../src/release/plan.ts';
import type { drill } from '../../src/workflows/drill.ts';
import { type DrillInput, drillWorkflowId } from '../../src/workflows/messages.ts';
import type { Bench } from './release.ts';

export type DrillHandle = WorkflowHandleWithFirstExecutionRunId<typeof drill>;

/** A drill under way. `home`: the directory of its plan. */
export type StartedDrill = { handle: DrillHandle; home: string; plan: Plan };

type DrillOptions = { at?: string; how?: DrillWay; version?: string; home?: string };

/** Starts a drill as the command line does. */
export async function startDrill(bench: Bench, plan: object, options: DrillOptions = {}): Promise<StartedDrill> {
  const { at, how, version = 'v2' } = options;
  const application = (plan as { application: string }).application;
  const home = options.home ?? join(bench.folder, `drill-${application}`);
  await mkdir(home, { recursive: true });
  const file = join(home, 'release.yaml');
  await writeFile(file, stringify(plan));
  const loaded = await loadPlan(file, version, { host: 'test' });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const input: DrillInput = {
    plan: loaded.plan,
    planDigest: loaded.digest,
    requester: 'deployment-lead',
    cases: chosenCases(loaded.plan, { at, how }),
    previousRunId: null,
  };
  const handle = await bench.client.workflow.start<typeof drill>('drill', {
    workflowId: drillWorkflowId(loaded.plan.application, loaded.plan.environment),
    taskQueue: 'savepoint',
    args: [input],
    workflowIdConflictPolicy: 'FAIL',
  });
  return { handle, home, plan: loaded.plan };
}

/** The certificate of a drill that ended, passed or not. */
export async function certificateOf({ handle }: StartedDrill): Promise<Certificate> {
  try {
    return await handle.result();
  } catch (error) {
    const cause = (error as WorkflowFailedError).cause;
    const detail: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
    if (detail === undefined) throw error;
    return detail as Certificate;
  }
}

/** The certificates that lie in the records of a plan, oldest first, with their Markdown. */
export async function certificatesIn(home: string, application: string): Promise<{ json: Certificate; md: string }[]> {
  const folder = join(home, 'records', application, 'drills');
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
  const read = async (name: string): Promise<string> => await readFile(join(folder, name), 'utf8');
  return await Promise.all(
    names.map(async (name) => ({
      json: JSON.parse(await read(name)) as Certificate,
      md: await read(name.replace(/json$/, 'md')),
    })),
  );
}
