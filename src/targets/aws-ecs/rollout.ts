import type { Task } from '@aws-sdk/client-ecs';
import { keyHash } from '../../aws/owner.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Step } from '../../release/target.ts';
import { type Attempt, mark, updateService } from './attempt.ts';
import { evidenceOf } from './evidence.ts';
import { type Goal, judge, leavingTasks, shortage } from './judging.ts';
import { lookAtAllTasks } from './look.ts';
import { deploymentNumber, type Intent, intentMarks, ownIntent, revisionName } from './marks.ts';
import { pauseMs } from './pauses.ts';

/**
 * Brings a revision to all tasks, or goes on with what an earlier attempt of this call began, until it runs alone.
 *
 * @returns the running tasks: all of this revision, as many as wanted, none of another one left
 * @throws TargetFailure `failed` when ECS gave up or tasks fail, `changed` when somebody else put another revision in
 * place, `timed-out`; each with what ECS and the tasks say about it
 */
export async function rollOut(attempt: Attempt, goal: Goal): Promise<Step<Task[]>> {
  const { call, scene } = attempt;
  const intent = ownIntent(scene.tags, call);
  const standing = judge(goal, { ...scene, intent, failedTasks: call.spec.deploy.failedTasks });
  switch (standing.state) {
    case 'begin':
      return begin(attempt, goal, intent);
    case 'broken':
      return fail(attempt, goal, {
        kind: 'failed',
        why: `the deployment of ${revisionName(goal.arn)}: ${standing.why}`,
      });
    case 'replaced':
      return fail(attempt, goal, { kind: standing.rolledBack ? 'failed' : 'changed', why: standing.why });
    case 'waiting':
      return wait(attempt, goal, standing.detail);
    case 'steady':
      return settle(attempt, goal);
  }
}

/** The intent is written first: from then on it can be told whether the update was sent and what became of it. */
async function begin(attempt: Attempt, goal: Goal, known: Intent | null): Promise<Step<never>> {
  const { call, scene } = attempt;
  const before = deploymentNumber(scene.primary.id);
  const revision = revisionName(goal.arn);
  const atMs = known?.atMs ?? Date.now();
  const intent: Intent = { key: keyHash(call.key), revision, before, ours: '', atMs, sent: false };
  if (known?.revision !== revision || known.before !== before) await mark(attempt, intentMarks(intent));
  const isThere = scene.primary.taskDefinition === goal.arn;
  const again = isThere && (goal.desired === null || scene.service.desiredCount === goal.desired);
  const ours = await updateService(attempt, { revision: isThere ? null : goal.arn, desired: goal.desired, again });
  await mark(attempt, intentMarks({ ...intent, ours, sent: true }));
  return { state: 'working', detail: `asked ECS for ${revision}`, lookAgainMs: await pauseMs(call, 0) };
}

async function wait(attempt: Attempt, goal: Goal, detail: string): Promise<Step<never>> {
  const { call, scene } = attempt;
  const since = ownIntent(scene.tags, call)?.atMs ?? null;
  const elapsedMs = since === null ? 0 : Math.max(0, Date.now() - since);
  if (since !== null && elapsedMs > call.spec.deploy.timeout) {
    const short = shortage(scene.service, scene.primary);
    const missing = short.length > 0 ? '; there is too little capacity' : '';
    const why = `${revisionName(goal.arn)} did not run alone within ${call.spec.deploy.timeout} ms${missing}: ${detail}`;
    return fail(attempt, goal, { kind: 'timed-out', why });
  }
  return { state: 'working', detail, lookAgainMs: await pauseMs(call, elapsedMs) };
}

/** The counts agree; the tasks themselves decide. A task that leaves still runs, and may still write. */
async function settle(attempt: Attempt, goal: Goal): Promise<Step<Task[]>> {
  const { call, scene } = attempt;
  const { running, stopped } = await lookAtAllTasks(call);
  const wanted = scene.service.desiredCount ?? 0;
  const mine = running.filter(({ taskDefinitionArn }) => taskDefinitionArn === goal.arn);
  const healthy = mine.filter(
    ({ lastStatus, healthStatus }) => lastStatus === 'RUNNING' && healthStatus !== 'UNHEALTHY',
  );
  const leaving = leavingTasks(stopped).length + running.length - mine.length;
  if (leaving === 0 && healthy.length === wanted && mine.length === wanted) return { state: 'done', value: mine };
  const detail = `${healthy.length} of ${wanted} tasks are healthy, ${leaving} old ones still run`;
  return wait(attempt, goal, detail);
}

type Fail = { kind: 'failed' | 'changed' | 'timed-out'; why: string };

async function fail(attempt: Attempt, goal: Goal, { kind, why }: Fail): Promise<never> {
  const { call } = attempt;
  const evidence = await evidenceOf(attempt, goal.arn);
  throw new TargetFailure(kind, `${call.target}: ${why}`, {
    ...(evidence === '' ? {} : { evidence }),
    done: [`asked ECS for ${revisionName(goal.arn)}`],
    notDone: ['all tasks run it'],
  });
}
