import type { Deployment, Service, Task } from '@aws-sdk/client-ecs';
import { deploymentNumber, type Intent, revisionName } from './marks.ts';

/** What is wanted: a revision by its ARN, and how many tasks; null: as many as there are. */
export type Goal = { arn: string; desired: number | null };

/**
 * How a service stands on the way to a goal.
 *
 * - `begin`: the update was not sent yet · `waiting`: not all tasks run it alone · `steady`: the counts agree, the tasks
 *   themselves are to be looked at · `broken`: ECS gave up, or too many tasks failed
 * - `replaced`: another deployment took the place of ours, by ECS itself (`rolledBack`) or by somebody else
 */
export type Standing =
  | { state: 'begin' }
  | { state: 'waiting'; detail: string }
  | { state: 'steady' }
  | { state: 'broken'; why: string }
  | { state: 'replaced'; why: string; rolledBack: boolean };

export type Situation = { service: Service; primary: Deployment; intent: Intent | null; failedTasks: number };

/** Reads what DescribeServices answered. Success is never that a service is stable: a breaker makes it stable too. */
export function judge(goal: Goal, situation: Situation): Standing {
  const { service, primary } = situation;
  if (primary.taskDefinition !== goal.arn) {
    return wasSent(situation) ? replaced(goal, situation) : { state: 'begin' };
  }
  const asked = wasSent(situation);
  const enough = goal.desired === null || service.desiredCount === goal.desired;
  const why = brokenBy(situation);
  // What failed before this call asked for anything is tried once more: nobody would call it again otherwise.
  if (!asked && (!enough || why !== null)) return { state: 'begin' };
  if (why !== null) return { state: 'broken', why };
  return isSteady(service, primary) ? { state: 'steady' } : waiting(service, primary);
}

function brokenBy({ primary, failedTasks }: Situation): string | null {
  if (primary.rolloutState === 'FAILED') return primary.rolloutStateReason ?? 'it failed';
  const failed = primary.failedTasks ?? 0;
  return primary.rolloutState !== 'COMPLETED' && failed >= failedTasks ? `${failed} tasks failed to start` : null;
}

/** An id that changed, or ECS's own words, tell that something took effect after the intent was written. */
function wasSent({ primary, intent }: Situation): boolean {
  if (intent === null) return false;
  return intent.sent || deploymentNumber(primary.id) !== intent.before || isRollback(primary);
}

function isRollback({ rolloutStateReason = '' }: Deployment): boolean {
  return /roll(?:ed|ing) back|circuit breaker/i.test(rolloutStateReason);
}

function replaced({ arn }: Goal, { service, primary, intent }: Situation): Standing {
  const ours = service.deployments?.find(({ taskDefinition }) => taskDefinition === arn);
  // A deployment that failed leaves the list when its tasks are gone; then only the events still tell of it.
  const told = (service.events ?? []).some(({ message = '' }) => isEnd(message, intent?.ours ?? ''));
  const rolledBack = isRollback(primary) || ours?.rolloutState === 'FAILED' || told;
  const runs = revisionName(primary.taskDefinition ?? 'another revision');
  const why = rolledBack
    ? `ECS gave up ${revisionName(arn)} and went back to ${runs}`
    : `somebody else put ${runs} in the place of ${revisionName(arn)}`;
  return { state: 'replaced', why, rolledBack };
}

/** Events name a deployment as `(deployment ecs-svc/123) deployment failed: …` (ECS guide, service event messages). */
function isEnd(message: string, id: string): boolean {
  return id !== '' && message.includes(`ecs-svc/${id}`) && /deployment failed/i.test(message);
}

function isSince(at: Date | undefined, since: Date | undefined): boolean {
  return at !== undefined && (since === undefined ? false : at >= since);
}

/**
 * rolloutState is not told of services behind a Classic Load Balancer (API reference, Deployment): counts decide there, and
 * where no task is wanted.
 */
function isSteady(service: Service, primary: Deployment): boolean {
  const { deployments = [], runningCount, desiredCount, pendingCount = 0 } = service;
  const completed = primary.rolloutState === undefined || primary.rolloutState === 'COMPLETED';
  return (
    (completed || desiredCount === 0) && deployments.length === 1 && runningCount === desiredCount && pendingCount === 0
  );
}

function waiting(service: Service, primary: Deployment): Standing {
  const { desiredCount = 0, deployments = [] } = service;
  const running = primary.runningCount ?? 0;
  const old = deployments.filter(({ id }) => id !== primary.id);
  const leaving = old.reduce((sum, { runningCount = 0 }) => sum + runningCount, 0);
  const failed = primary.failedTasks ?? 0;
  const said = [
    `${running} of ${desiredCount} tasks of ${revisionName(primary.taskDefinition ?? '')} run`,
    ...(old.length > 0 ? [`${leaving} old ones leave`] : []),
    ...(failed > 0 ? [`${failed} failed to start`] : []),
    ...shortage(service, primary),
  ];
  return { state: 'waiting', detail: said.join(', ') };
}

const cannotPlace =
  /was unable to (?:place a task|start)|unable to consistently (?:start|place)|insufficient|unavailable/i;

/** What ECS says of missing capacity since this deployment began, newest first. */
export function shortage({ events = [] }: Service, primary: Deployment): string[] {
  const found = events.find(
    ({ createdAt, message = '' }) => cannotPlace.test(message) && isSince(createdAt, primary.createdAt),
  );
  return found?.message === undefined ? [] : [found.message];
}

/** Tasks that do not serve any more but still run, and may still write. */
export function leavingTasks(stopped: readonly Task[]): Task[] {
  return stopped.filter(({ lastStatus }) => lastStatus !== 'STOPPED');
}

/**
 * Digest of each container as the running tasks report it. Containers that AWS adds by itself (Service Connect,
 * GuardDuty) are left out: they are not in `names`.
 *
 * @returns `mixed`: containers whose tasks do not agree, or of which a task reports none
 */
export function digestsOf(
  tasks: readonly Task[],
  names: readonly string[],
): { digests: Record<string, string>; mixed: string[] } {
  const digests: Record<string, string> = {};
  const mixed: string[] = [];
  for (const name of names) {
    const reported = tasks.map(({ containers }) => containers?.find((one) => one.name === name)?.imageDigest);
    const [first] = reported;
    if (first !== undefined && reported.every((digest) => digest === first)) digests[name] = first;
    else mixed.push(name);
  }
  return { digests, mixed };
}
