import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { firstAt } from '../http/json-values.ts';
import type { WantedJob } from './queue.schema.ts';

/** Pause between two looks. */
const lookEveryMs = 50;

/** Newest jobs that are looked through for their data. */
const most = 1_000;

const states = ['wait', 'prioritized', 'delayed', 'active', 'completed', 'failed', 'waiting-children'] as const;

export type JobFound = { problem?: string; seen: string };

/** Looks until the job is there, and with `done` until it is finished, for at most `within`; with `absent` once. */
export async function findJob(opened: Queue, wanted: WantedJob, signal: AbortSignal): Promise<JobFound> {
  const what = describe(wanted);
  const endsAt = performance.now() + wanted.within;
  for (;;) {
    const job = await lookUp(opened, wanted);
    const state = await job?.getState();
    if (wanted.absent) return absence(what, state);
    if (state === 'failed' && wanted.done) return { problem: `${what} failed`, seen: `${what} is failed` };
    if (state === 'completed' || (state !== undefined && !wanted.done)) return { seen: `${what} is ${state}` };
    if (performance.now() > endsAt) {
      const how = state === undefined ? 'is not in the queue' : `is ${state} and not done`;
      return { problem: `${what} ${how} after ${wanted.within} ms`, seen: `${what} ${how}` };
    }
    await sleep(lookEveryMs, undefined, { signal });
  }
}

function absence(what: string, state: string | undefined): JobFound {
  if (state === undefined) return { seen: `${what} is not in the queue` };
  return { problem: `${what} is in the queue, expected none`, seen: `${what} is ${state}` };
}

function describe({ id, data }: WantedJob): string {
  if (id !== undefined) return `job ${id}`;
  return `a job with ${Object.entries(data)
    .map(([path, value]) => `${path} ${JSON.stringify(value)}`)
    .join(', ')}`;
}

async function lookUp(opened: Queue, { id, data }: WantedJob): Promise<Job | undefined> {
  const fits = (job: Job | undefined): boolean => {
    const text = JSON.stringify(job?.data ?? null);
    return job !== undefined && Object.entries(data).every(([path, value]) => firstAt(path, text) === String(value));
  };
  if (id !== undefined) {
    const job = (await opened.getJob(id)) as Job | undefined;
    return fits(job) ? job : undefined;
  }
  // A job that ends while the list is read is a hole in it.
  const jobs = (await opened.getJobs([...states], 0, most - 1)) as (Job | undefined)[];
  return jobs.find(fits);
}
