import type { Deployment, Service, Task } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { digestsOf, judge, leavingTasks } from '../../../src/targets/aws-ecs/judging.ts';
import type { Intent } from '../../../src/targets/aws-ecs/marks.ts';

const v1 = 'arn:aws:ecs:us-east-1:1:task-definition/backend:1';
const v2 = 'arn:aws:ecs:us-east-1:1:task-definition/backend:2';
const began = new Date('2026-11-21T02:30:00Z');
const old: Deployment = { id: 'ecs-svc/1', status: 'PRIMARY', taskDefinition: v1, rolloutState: 'COMPLETED' };
const ours: Deployment = {
  id: 'ecs-svc/2',
  status: 'PRIMARY',
  taskDefinition: v2,
  rolloutState: 'IN_PROGRESS',
  createdAt: began,
};
const intent: Intent = { key: 'k', revision: 'backend:2', before: '1', ours: '', atMs: 0, sent: false };
const sent: Intent = { ...intent, ours: '2', sent: true };

function standing(
  deployments: Deployment[],
  more: { service?: Partial<Service>; intent?: Intent | null; desired?: number } = {},
) {
  const service: Service = { deployments, desiredCount: 2, runningCount: 2, pendingCount: 0, ...more.service };
  const [primary = {}] = deployments;
  const goal = { arn: v2, desired: more.desired ?? null };
  return judge(goal, { service, primary, intent: more.intent ?? null, failedTasks: 3 });
}

describe('how a deployment stands', () => {
  it('is to begin where nobody asked for it yet, also after a crash before the request', () => {
    expect(standing([old])).toEqual({ state: 'begin' });
    expect(standing([old], { intent })).toEqual({ state: 'begin' });
  });

  it('is to begin where the tasks are right and too few are wanted', () => {
    const done: Deployment = { ...ours, rolloutState: 'COMPLETED' };
    expect(standing([done], { desired: 2, service: { desiredCount: 0, runningCount: 0 } })).toEqual({ state: 'begin' });
  });

  it('waits while old tasks leave, although as many run as are wanted', () => {
    const left: Deployment = { ...old, status: 'ACTIVE', runningCount: 1 };
    const found = standing([{ ...ours, runningCount: 1 }, left], { intent: sent });
    expect(found).toEqual({
      state: 'waiting',
      detail: '1 of 2 tasks of backend:2 run, 1 old ones leave',
    });
  });

  it('waits until ECS itself calls it completed', () => {
    expect(standing([{ ...ours, runningCount: 2 }], { intent: sent }).state).toBe('waiting');
    expect(standing([{ ...ours, runningCount: 2, rolloutState: 'COMPLETED' }], { intent: sent }).state).toBe('steady');
  });

  it('goes by the counts behind a Classic Load Balancer, of which ECS tells no state', () => {
    const { rolloutState: _, ...untold } = ours;
    expect(standing([untold], { intent: sent }).state).toBe('steady');
    expect(standing([untold], { intent: sent, service: { pendingCount: 1 } }).state).toBe('waiting');
  });

  it('is broken where the breaker stopped it, and where too many tasks failed', () => {
    const failed: Deployment = { ...ours, rolloutState: 'FAILED', rolloutStateReason: 'tasks failed to start' };
    expect(standing([failed], { intent: sent })).toEqual({ state: 'broken', why: 'tasks failed to start' });
    expect(standing([{ ...ours, failedTasks: 3 }], { intent: sent })).toEqual({
      state: 'broken',
      why: '3 tasks failed to start',
    });
    expect(standing([{ ...ours, failedTasks: 2 }], { intent: sent }).state).toBe('waiting');
  });

  it('is tried once more where it had failed before this call', () => {
    expect(standing([{ ...ours, rolloutState: 'FAILED' }])).toEqual({ state: 'begin' });
    expect(standing([{ ...ours, failedTasks: 3 }])).toEqual({ state: 'begin' });
  });

  it('was rolled back where the old deployment is primary again under its own id', () => {
    const back: Deployment = {
      ...old,
      rolloutState: 'IN_PROGRESS',
      rolloutStateReason: 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.',
    };
    const failed: Deployment = { ...ours, status: 'ACTIVE', rolloutState: 'FAILED' };
    const why = 'ECS gave up backend:2 and went back to backend:1';
    expect(standing([back, failed], { intent: sent })).toEqual({ state: 'replaced', why, rolledBack: true });
    expect(standing([back, failed], { intent })).toEqual({ state: 'replaced', why, rolledBack: true });
  });

  it('was rolled back where only an event still tells of it', () => {
    const events = [{ message: '(service s) (deployment ecs-svc/2) deployment failed: tasks failed to start.' }];
    expect(standing([old], { intent: sent, service: { events } })).toMatchObject({ rolledBack: true });
  });

  it('was replaced by somebody else where another revision is primary', () => {
    const foreign: Deployment = { ...ours, id: 'ecs-svc/3', taskDefinition: v1 };
    const events = [{ message: '(service s) (deployment ecs-svc/9) deployment failed: tasks failed to start.' }];
    const why = 'somebody else put backend:1 in the place of backend:2';
    expect(standing([foreign], { intent: sent, service: { events } })).toEqual({
      state: 'replaced',
      why,
      rolledBack: false,
    });
    expect(standing([foreign], { intent })).toMatchObject({ state: 'replaced' });
  });

  it('names missing capacity since the deployment began, and no older complaint', () => {
    const message = '(service s) was unable to place a task because no container instance met all of its requirements.';
    const complaint = (createdAt: Date) => ({ service: { events: [{ createdAt, message }] }, intent: sent });
    const detail = (createdAt: Date) => Reflect.get(standing([ours], complaint(createdAt)), 'detail');
    expect(detail(new Date(began.getTime() + 1_000))).toContain('no container instance met');
    expect(detail(new Date(began.getTime() - 1_000))).not.toContain('no container instance met');
  });
});

describe('what running tasks report', () => {
  const task = (...digests: (string | undefined)[]): Task => ({
    containers: digests.map((imageDigest, index) => ({ name: `c${index}`, imageDigest })),
  });

  it('is one digest for each container where all agree', () => {
    const tasks = [task('sha256:a', 'sha256:b'), task('sha256:a', 'sha256:b')];
    expect(digestsOf(tasks, ['c0', 'c1'])).toEqual({ digests: { c0: 'sha256:a', c1: 'sha256:b' }, mixed: [] });
  });

  it('is mixed where they differ or one reports none, and leaves out what AWS added', () => {
    const tasks = [task('sha256:a', 'sha256:b', 'sha256:guard'), task('sha256:x', undefined)];
    expect(digestsOf(tasks, ['c0', 'c1'])).toEqual({ digests: {}, mixed: ['c0', 'c1'] });
    expect(digestsOf([], ['c0'])).toEqual({ digests: {}, mixed: ['c0'] });
  });

  it('counts a task that has its time to end as still running', () => {
    const stopping: Task = { lastStatus: 'STOPPING' };
    expect(leavingTasks([{ lastStatus: 'STOPPED' }, stopping])).toEqual([stopping]);
  });
});
