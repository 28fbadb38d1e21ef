import { createServer } from 'node:http';
import type { Client } from '@temporalio/client';
import type { Json } from '../../src/release/json.ts';
import type { Plan, PlannedStep } from '../../src/release/plan.ts';
import type { ReleaseResult, ReleaseStatus } from '../../src/release/status.ts';
import { type MemoryState, memoryWorld } from '../../src/targets/memory/world.ts';
import { type Continuation, decideUpdate, releaseWorkflowId } from '../../src/workflows/messages.ts';
import type { release } from '../../src/workflows/release.ts';
import { memoryPlan } from '../support/plans.ts';
import { type Handle, statusOf } from '../support/release.ts';

/** Something that goes wrong on the way back: a verb of a target, once or for ever. */
export type Undo = { target: string; verb: string };

export type Answering = { origin: string; close(): void };

/** A server that answers 200, and 500 below `/broken`. */
export async function startAnswering(): Promise<Answering> {
  const server = createServer((request, response) => {
    response.writeHead(request.url?.startsWith('/broken') ? 500 : 200).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const listens = server.address();
  const origin = `http://127.0.0.1:${typeof listens === 'object' ? listens?.port : 0}`;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { origin, close };
}

/** A plan with every kind of step that memory targets and checks can have. */
export function wholePlan(application: string, compatibility: string, origin: string): object {
  const check = (name: string): object => ({ name, kind: 'http', url: `${origin}/` });
  const request = { ...check('front page'), samples: 2, every: '5ms', errors: { rollBack: '10 %' } };
  const { kind: _, ...measured } = { kind: '', ...request };
  return memoryPlan({
    application,
    database: {
      compatibility,
      writers: ['backend', 'frontend'],
      verify: [check('rows')],
      verifySeed: [check('seeds')],
    },
    backend: { verify: [check('it answers')] },
    more: {
      preflight: [check('disk')],
      smoke: [check('shop'), { ...check('login'), repeatable: true }],
      performance: { requests: [measured] },
      monitoring: [check('alarms')],
    },
  });
}

const verbs: Partial<Record<PlannedStep['activity'], string>> = {
  prepare: 'prepare',
  survey: 'survey',
  snapshot: 'save',
  hold: 'hold',
  resume: 'resume',
};

/** The same plan, in which this step fails: its first check, its request, or its verb, half way where it changes something. */
export function failing(plan: Plan, { id, target, activity, change, checks, requests }: PlannedStep): Plan {
  if (checks.length > 0 || requests.length > 0) {
    const broken = <T extends { spec: Json }>(list: T[]): T[] =>
      list.map((each, index) => (index === 0 ? { ...each, spec: changed(each.spec, 'url', toBroken) } : each));
    const steps = plan.steps.map((step) =>
      step.id === id ? { ...step, checks: broken(step.checks), requests: broken(step.requests) } : step,
    );
    return { ...plan, steps };
  }
  const verb = change === null ? verbs[activity] : 'apply';
  if (target === null || verb === undefined) throw new Error(`nobody knows how to let ${id} fail`);
  return withFault(plan, target, { verb, change, when: change === null ? 'before' : 'half', times: 1 });
}

/** What is told to fail says so, so that people can be seen to be told why. */
export const undoFails = 'the undo was told to fail';

export function withFault(plan: Plan, target: string, fault: Record<string, Json>): Plan {
  const whole = { change: null, kind: 'failed', when: 'before', message: null, ...fault };
  const add = (faults: Json): Json => [...(Array.isArray(faults) ? faults : []), whole];
  const targets = plan.targets.map((each) =>
    each.name === target ? { ...each, spec: changed(each.spec, 'faults', add) } : each,
  );
  return { ...plan, targets };
}

function toBroken(url: Json): Json {
  return `${String(url)}broken`;
}

function changed(spec: Json, name: string, change: (value: Json) => Json): Json {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) throw new TypeError('a spec is an object');
  return { ...spec, [name]: change(spec[name] ?? null) };
}

/** A plan of one application is run as another one over worlds of its own. */
export function renamed(plan: Plan, application: string): Plan {
  const targets = plan.targets.map((target) => ({
    ...target,
    spec: changed(target.spec, 'world', () => `${application}-${target.name}`),
  }));
  return { ...plan, application, targets };
}

export async function startPlan(
  client: Client,
  plan: Plan,
  continuation: Continuation = { as: 'fresh' },
): Promise<Handle> {
  return await client.workflow.start<typeof release>('release', {
    workflowId: releaseWorkflowId(plan.application, plan.environment),
    taskQueue: plan.taskQueue,
    args: [
      {
        plan,
        planDigest: 'sha256:test',
        requester: 'deployment-lead',
        preApproved: { by: 'product-owner', reason: 'a test' },
        windowOverride: null,
        continuation,
        previousRunId: null,
      },
    ],
  });
}

/** Many runs go on at once, and every look costs the server and the worker more than it costs us. */
const lookEveryMs = 120;

const preferred = ['restore-full', 'restore-database', 'restore-code', 'go-back'];

/** Answers what is asked until the release is over or blocked. `result`: null while it is blocked. */
export async function goOn(handle: Handle): Promise<{ status: ReleaseStatus; result: ReleaseResult | null }> {
  for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, lookEveryMs))) {
    const status = await statusOf(handle);
    if (status.endedAt !== null) return { status, result: await handle.result() };
    const { question } = status;
    if (question?.kind === 'blocked') return { status, result: null };
    const choice = preferred.find((id) => question?.choices.some((each) => each.id === id));
    if (question !== null && choice !== undefined) await answer(handle, question.id, choice);
    if (Date.now() > deadline) throw new Error(`still ${status.phase}, asks ${question?.text}: ${question?.why}`);
  }
}

export async function answer(handle: Handle, question: string, choice: string): Promise<void> {
  const args = { by: 'deployment-lead', question, choice, reason: 'a test' };
  await handle.executeUpdate(decideUpdate, { args: [args] });
}

export type Sight = { state: MemoryState; held: boolean };

/** Every world of an application as it is now. */
export function look({ application, targets }: Plan): Record<string, Sight> {
  return Object.fromEntries(
    targets.map(({ name }) => {
      const { state, held } = memoryWorld(`${application}-${name}`);
      return [name, { state, held }];
    }),
  );
}

/** Effects of every world, newest last. */
export function acts({ application, targets }: Plan): { target: string; verb: string; at: number }[] {
  const all = targets.flatMap(({ name }) =>
    memoryWorld(`${application}-${name}`).effects.map(({ verb, at }) => ({ target: name, verb, at })),
  );
  return all.sort((a, b) => a.at - b.at);
}
