type Job = { signal: AbortSignal; outcome: Promise<{ value: unknown } | { error: unknown }> };

/** Long work of this worker, by key: a later look finds it here. */
const jobs = new Map<string, Job>();

/**
 * Begins long work, or looks at the work that `key` began in this worker. Work whose attempt was cancelled is waited for,
 * then begun again.
 *
 * @returns null while it goes on; its failure is thrown to whoever looks first after its end
 */
export async function lookAtJob<T>(
  key: string,
  signal: AbortSignal,
  begin: () => Promise<T>,
): Promise<{ value: T } | null> {
  let job = jobs.get(key);
  if (job?.signal.aborted) {
    await job.outcome;
    job = undefined;
  }
  if (job === undefined) {
    const outcome = begin().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    job = { signal, outcome };
    jobs.set(key, job);
  }
  const outcome = await Promise.race([job.outcome, aMoment()]);
  if (outcome === null) return null;
  jobs.delete(key);
  if ('error' in outcome) throw outcome.error;
  return outcome as { value: T };
}

/** Nobody looks at this work any more: its end was learnt in another way. */
export function forgetJob(key: string): void {
  jobs.delete(key);
}

function aMoment(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, 400, null).unref());
}
