import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { atBoundary } from '../../src/activities/boundary.ts';
import { TargetFailure } from '../../src/release/failure.ts';

/** What an activity ends with whose worker stops while it works. */
async function stopped(work: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const environment = new MockActivityEnvironment();
  const activity = (): Promise<unknown> => atBoundary(() => work(Context.current().cancellationSignal));
  const ended = environment.run(activity).catch((error: unknown) => error);
  environment.cancel('WORKER_SHUTDOWN');
  return await ended;
}

it('a worker that stops is no defect of whatever listened to the signal', async () => {
  expect(await stopped((signal) => wait(10_000, null, { signal }))).toBeInstanceOf(CancelledFailure);
});

it('a worker that stops is no failure of the target that had to break off', async () => {
  const breaksOff = async (signal: AbortSignal): Promise<never> => {
    await wait(10_000, null, { signal }).catch(() => null);
    throw new TargetFailure('failed', 'ended with SIGTERM');
  };
  expect(await stopped(breaksOff)).toBeInstanceOf(CancelledFailure);
});

it('anything else that is thrown keeps its kind', async () => {
  const work = (): Promise<never> => Promise.reject(new TargetFailure('refused', 'no'));
  const ended = new MockActivityEnvironment().run(() => atBoundary(work)).catch((error: unknown) => error);
  expect(await ended).toMatchObject({ constructor: ApplicationFailure, type: 'refused', nonRetryable: true });
});
