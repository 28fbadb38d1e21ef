import { TargetFailure } from '../../release/failure.ts';
import type { Step } from '../../release/target.ts';
import type { Manifest } from '../shell/install.ts';
import { askService, askUsersWay, evidenceOf, saidStarted } from './health.ts';
import { type Attempt, endOfLog, keepProgress, type Progress, readProgress } from './place.ts';
import { type Service, servicesOf, stopServices } from './services.ts';
import { endOf, findPort, startService, type Verb } from './start.ts';
import { lead, leadTo, look } from './switching.ts';

/** One version that a key brings to users. `preferred`: the port to take if it is free. */
export type Goal = { manifest: Manifest; preferred: number | null; verb: Verb };

/**
 * Starts a version, waits until it is healthy, leads users to it and sees that they get it. Every look continues where
 * the last one, in whatever worker, stopped; what was started under this key is found by its marker.
 *
 * @throws TargetFailure `failed` or `timed-out` with the end of the service's log; a start that failed before the switch is
 * stopped
 */
export async function bringUp(attempt: Attempt, goal: Goal): Promise<Step<Service>> {
  const progress = await readProgress(attempt);
  const services = await servicesOf(attempt.place.root);
  const mine = services.findLast(({ key, install }) => key === attempt.call.key && install === goal.manifest.install);
  if (mine === undefined) return begin(attempt, goal, progress);
  if (progress.start !== mine.start || progress.state === 'failed' || progress.state === 'new') {
    return working(
      attempt,
      { ...progress, state: 'starting', start: mine.start, startedAt: Date.now() },
      'found it started',
    );
  }
  if (progress.state === 'starting') return awaitHealth(attempt, mine, progress);
  return awaitUsers(attempt, mine, progress);
}

async function working(attempt: Attempt, progress: Progress, detail: string): Promise<Step<never>> {
  await keepProgress(attempt, progress);
  return { state: 'working', detail, lookAgainMs: attempt.call.spec.health.every };
}

/** A start that was lost with its worker is made again once; a service that ended by itself has failed. */
async function begin(attempt: Attempt, goal: Goal, progress: Progress): Promise<Step<Service>> {
  const lost = progress.state === 'starting' && progress.fence !== attempt.call.fence && progress.tries < 2;
  if (progress.state === 'switched') await fail(attempt, progress, 'ended after users were led to it');
  if (progress.state === 'starting' && !lost && progress.start !== null)
    await fail(attempt, progress, 'ended while it started');
  const { spec } = attempt.call;
  const again = {
    ...progress,
    state: 'starting',
    start: null,
    startedAt: Date.now(),
    fence: attempt.call.fence,
  } as const;
  const tries = lost ? progress.tries + 1 : 1;
  const stop = (others: Service[]) => stopServices(attempt.place.root, others, spec.stopWithin);
  const downSince = progress.downSince;
  await keepProgress(attempt, { ...again, tries, downSince });
  const found = await findPort(attempt, goal, stop);
  const down = found.cutOff ? (downSince ?? again.startedAt) : downSince;
  const start = await startService(attempt, goal.manifest, { port: found.port, verb: goal.verb });
  return working(
    attempt,
    { ...again, tries, start, downSince: down },
    `starting ${goal.manifest.version} on ${found.port}`,
  );
}

async function awaitHealth(attempt: Attempt, service: Service, progress: Progress): Promise<Step<Service>> {
  const { call, place } = attempt;
  const overdue = Date.now() - progress.startedAt > call.spec.health.timeout;
  if (!(await saidStarted(call, place, service.start))) {
    const detail = `its log did not say '${call.spec.started}'`;
    return overdue ? giveUp(attempt, service, { progress, said: detail }) : working(attempt, progress, detail);
  }
  const health = await askService(call, service);
  if (health.good) return switchTo(attempt, service, progress);
  if (overdue) return giveUp(attempt, service, { progress, said: `it answered: ${health.said}` });
  return working(attempt, progress, `waiting for health: ${health.said}`);
}

async function switchTo(attempt: Attempt, service: Service, progress: Progress): Promise<Step<Service>> {
  const { call } = attempt;
  await lead(attempt, leadTo(service, call.spec.host));
  const switched: Progress = { ...progress, state: 'switched', switchedAt: Date.now() };
  await keepProgress(attempt, switched);
  return awaitUsers(attempt, service, switched);
}

async function awaitUsers(attempt: Attempt, service: Service, progress: Progress): Promise<Step<Service>> {
  const { call, place } = attempt;
  // Somebody may have led users elsewhere since; a deployment that is done stays done.
  if (progress.state === 'switched') await lead(attempt, leadTo(service, call.spec.host));
  const { current } = await look(place);
  if (progress.state === 'done' && current?.start === service.start) return { state: 'done', value: service };
  if (progress.state === 'done') return switchTo(attempt, service, progress);
  const health = await askUsersWay(call, service);
  if (health.good) {
    await keepProgress(attempt, { ...progress, state: 'done' });
    return { state: 'done', value: service };
  }
  if (Date.now() - progress.switchedAt <= call.spec.health.timeout) {
    return working(attempt, progress, `users get: ${health.said}`);
  }
  const message = `users do not get ${service.version} of ${call.target}: ${health.said}`;
  await keepProgress(attempt, { ...progress, state: 'failed' });
  const evidence = await evidenceOf(place, service.start);
  throw new TargetFailure('failed', message, {
    evidence,
    done: ['started', 'healthy', 'switched'],
    notDone: ['served'],
  });
}

type GivenUp = { progress: Progress; said: string };

async function giveUp(attempt: Attempt, service: Service, { progress, said }: GivenUp): Promise<never> {
  const { call, place } = attempt;
  await stopServices(place.root, [service], call.spec.stopWithin);
  await keepProgress(attempt, { ...progress, state: 'failed' });
  const message = `${call.target} ${service.version} was not healthy within ${call.spec.health.timeout} ms: ${said}`;
  const evidence = await evidenceOf(place, service.start);
  throw new TargetFailure('timed-out', message, { evidence, done: ['started'], notDone: ['healthy', 'switched'] });
}

async function fail(attempt: Attempt, progress: Progress, what: string): Promise<never> {
  const { call, place } = attempt;
  const start = progress.start ?? '';
  await keepProgress(attempt, { ...progress, state: 'failed' });
  const how = endOf(start);
  const evidence = await evidenceOf(place, start);
  throw new TargetFailure('failed', `${call.target} ${what}${how === null ? '' : ` with ${how}`}`, { evidence });
}

/** Fails when the log of a service holds error lines; done once it was watched for long enough. */
export async function watchLog(attempt: Attempt, service: Service): Promise<Step<null>> {
  const { call, place } = attempt;
  const { logs } = call.spec;
  if (logs === null) return { state: 'done', value: null };
  const lines = (await endOfLog(place, service.start, 1024 * 1024)).split('\n');
  const errors = lines.filter((line) => line.includes(logs.errors));
  if (errors.length > 0) {
    const evidence = errors.slice(0, 5).join('\n').slice(0, 2_000);
    throw new TargetFailure('failed', `${call.target} ${service.version} logged ${errors.length} error lines`, {
      evidence,
    });
  }
  const left = (await readProgress(attempt)).switchedAt + logs.within - Date.now();
  if (left <= 0) return { state: 'done', value: null };
  return { state: 'working', detail: 'reading the log', lookAgainMs: Math.min(left, 250) };
}
