import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Answer, Asking, Check } from '../../release/check.ts';
import { answerOf, excerpt } from '../answer.ts';
import { missed } from '../limits.ts';
import type { QueueSpec } from './queue.schema.ts';
import { findJob } from './queue-job.ts';
import { answerToRedisError, openRedis } from './redis-connection.ts';

/** Asks a queue of BullMQ how it is, and with `smoke` whether its jobs are done. */
export const queue: Check<QueueSpec> = { ask };

/** Pause between two looks at the smoke job. */
const lookEveryMs = 50;

async function ask({ spec, signal }: Asking<QueueSpec>): Promise<Answer> {
  signal.throwIfAborted();
  let client: Redis | null = null;
  let opened: Queue | null = null;
  try {
    client = await openRedis(spec);
    const { Queue: Bull } = await import('bullmq');
    // Asks for nothing by itself: what the queue's own options are is left as the application has it.
    opened = new Bull(spec.queue, { connection: client, prefix: spec.prefix, skipMetasUpdate: true });
    opened.on('error', () => undefined);
    return await judged(spec, opened, signal);
  } catch (error) {
    signal.throwIfAborted();
    const answer = answerToRedisError(spec.url, error);
    if (answer === null) throw error;
    return answer;
  } finally {
    await opened?.close().catch(() => undefined);
    client?.disconnect();
  }
}

const waitingStates = ['waiting', 'prioritized', 'delayed'] as const;

async function judged(spec: QueueSpec, opened: Queue, signal: AbortSignal): Promise<Answer> {
  const counts = await opened.getJobCounts(...waitingStates, 'active', 'failed');
  const depth = waitingStates.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  const failed = counts.failed ?? 0;
  const workers = await opened.getWorkersCount();
  const isPaused = await opened.isPaused();
  const smoke = spec.smoke === undefined || isPaused ? null : await runSmoke(opened, spec.smoke, signal);
  const job = spec.job === undefined ? null : await findJob(opened, spec.job, signal);
  const trials = [smoke, job].filter((trial) => trial !== null);
  const found = [
    missed(
      spec.depth,
      (limit) => depth > limit,
      (limit) => `${depth} jobs wait in ${spec.queue}, limit ${limit}`,
    ),
    missed(
      spec.failed,
      (limit) => failed > limit,
      (limit) => `${failed} jobs of ${spec.queue} failed, limit ${limit}`,
    ),
  ];
  const few = spec.workers !== undefined && workers < spec.workers;
  return answerOf({
    failures: [
      ...(isPaused && (!spec.paused || spec.smoke !== undefined) ? [`${spec.queue} is paused`] : []),
      ...(few ? [`${workers} workers are connected to ${spec.queue}, expected at least ${spec.workers}`] : []),
      ...found.flatMap(({ failures }) => failures),
      ...trials.flatMap(({ problem }) => problem ?? []),
    ],
    warnings: found.flatMap(({ warnings }) => warnings),
    seen: `${depth} wait, ${counts.active ?? 0} run, ${failed} failed, ${workers} workers\n${trials.map(({ seen }) => seen).join('\n')}`,
    good:
      trials.length === 0
        ? `${depth} jobs wait in ${spec.queue}`
        : `${spec.queue}: ${trials.map(({ seen }) => seen).join(', ')}`,
    remedy: 'see whether its workers run, and why jobs fail',
  });
}

type Smoke = { problem?: string; seen: string };

/** The job is removed again, however it ends; one that is being worked on just then removes itself. */
async function runSmoke(
  opened: Queue,
  { job: name, data, within }: NonNullable<QueueSpec['smoke']>,
  signal: AbortSignal,
): Promise<Smoke> {
  const begun = performance.now();
  const job = await opened.add(name, data, { attempts: 1, removeOnComplete: { age: 60 }, removeOnFail: { age: 60 } });
  try {
    return await followed(opened, job, { begun, within, signal });
  } finally {
    await job.remove().catch(() => undefined);
  }
}

type Following = { begun: number; within: number; signal: AbortSignal };

async function followed(opened: Queue, job: Job, { begun, within, signal }: Following): Promise<Smoke> {
  for (;;) {
    const state = await job.getState();
    const tookMs = Math.round(performance.now() - begun);
    if (state === 'completed') return { seen: `a job was done in ${tookMs} ms` };
    if (state === 'failed') {
      const fresh = await opened.getJob(job.id ?? '');
      const why = excerpt(fresh?.failedReason ?? 'without a reason', 200);
      return { problem: `the smoke job failed: ${why}`, seen: `the smoke job failed after ${tookMs} ms` };
    }
    if (tookMs > within) {
      const how = state === 'active' ? 'was begun and not finished' : 'was taken by nobody';
      return { problem: `the smoke job ${how} within ${within} ms`, seen: `the smoke job is ${state}` };
    }
    await sleep(lookEveryMs, undefined, { signal });
  }
}
