import { createServer } from 'node:net';
import { TargetFailure } from '../../release/failure.ts';
import type { Staged, Step } from '../../release/target.ts';
import { type Manifest, pinnedInstall } from '../shell/install.ts';
import { askService, evidenceOf, saidStarted } from './health.ts';
import {
  type Attempt,
  begin,
  keepProgress,
  type Place,
  type ProcessCall,
  type Progress,
  readProgress,
} from './place.ts';
import { manifestOf, readHeld } from './proof.ts';
import { type Service, servicesOf, stopStaged } from './services.ts';
import { endOf, startService } from './start.ts';
import { look } from './switching.ts';

/**
 * Starts a version beside everything that users see, on a port that the system chooses, and waits for its health. The
 * same key finds the start that an earlier look made.
 * @throws TargetFailure `failed` or `timed-out` with the end of its log
 */
export async function stage(
  call: ProcessCall,
  which: 'previous' | 'new',
  env: Record<string, string>,
): Promise<Step<Staged | null>> {
  const attempt = await begin(call);
  const manifest = which === 'new' ? await pinnedInstall(call) : await runningNow(attempt.place);
  if (manifest === null) return { state: 'done', value: null };
  const progress = await readProgress(attempt);
  const mine = (await servicesOf(attempt.place.root, 'staged')).find(({ start }) => start === progress.start);
  if (mine !== undefined) return awaitHealth(attempt, mine, progress);
  if (progress.start !== null) return ended(attempt, manifest, progress.start);
  const port = await freePort(call);
  const start = await startService(attempt, manifest, { port, verb: 'stage', staged: env });
  await keepProgress(attempt, { ...progress, state: 'starting', start, startedAt: Date.now() });
  return { state: 'working', detail: `starting ${manifest.version} beside`, lookAgainMs: call.spec.health.every };
}

/** Ends every version that was started for a rehearsal. */
export async function unstage(call: ProcessCall): Promise<Step<null>> {
  const { place } = await begin(call);
  await stopStaged(place.root, call.spec.stopWithin);
  return { state: 'done', value: null };
}

/** What users are led to, or what they were led to before it was held; null where nothing runs. */
async function runningNow(place: Place): Promise<Manifest | null> {
  const { current } = await look(place);
  const install = current?.install ?? (await readHeld(place))?.state.install ?? null;
  return install === null ? null : manifestOf(place, install);
}

async function awaitHealth(attempt: Attempt, service: Service, progress: Progress): Promise<Step<Staged>> {
  const { call, place } = attempt;
  const { health, host, started } = call.spec;
  const spoke = await saidStarted(call, place, service.start);
  const found = spoke ? await askService(call, service) : { good: false, said: `its log did not say '${started}'` };
  if (found.good) {
    return { state: 'done', value: { url: `http://${host}:${service.port}`, version: service.version } };
  }
  if (Date.now() - progress.startedAt <= health.timeout) {
    return { state: 'working', detail: `waiting for health: ${found.said}`, lookAgainMs: health.every };
  }
  const message = `${call.target} ${service.version} was not healthy within ${health.timeout} ms: ${found.said}`;
  throw new TargetFailure('timed-out', message, { evidence: await evidenceOf(place, service.start) });
}

async function ended({ call, place }: Attempt, { version }: Manifest, start: string): Promise<never> {
  const how = endOf(start);
  const message = `${call.target} ${version} ended while it started${how === null ? '' : ` with ${how}`}`;
  throw new TargetFailure('failed', message, { evidence: await evidenceOf(place, start) });
}

/** One that the system has to spare, never one that the plan keeps for users. */
async function freePort({ spec }: ProcessCall): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: spec.host, port: 0 }, () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
      });
    });
    if (!spec.ports.includes(port)) return port;
  }
}
