import { ListServiceDeploymentsCommand } from '@aws-sdk/client-ecs';
import { lookAgainMs } from '../../aws/pacing.ts';
import { ecsOf } from './clients.ts';
import type { EcsCall } from './look.ts';

/** A deployment that fails is noticed within this, however long good ones take. */
const longestMs = 90_000;
/** While the end may be near: as a share of the shortest one that is known. */
const dense = { share: 1 / 72, leastMs: 250, mostMs: 5_000 };
/** Without a past to go by, or behind it: as a share of the time that has passed. */
const unknown = { behind: 1.25, share: 0.15, leastMs: 1_000, mostMs: 15_000 };

/**
 * When to look again. The past of the service tells it best: how many tasks run says little, since a deployment waits
 * longest for its first tasks and then for the old ones to be drained.
 */
export async function pauseMs(call: EcsCall, elapsedMs: number): Promise<number> {
  return pauseAfter(await pastOf(call), elapsedMs);
}

/** `durations`: how long earlier deployments took, in milliseconds. */
export function pauseAfter(durations: readonly number[], elapsedMs: number): number {
  const past = usual(durations);
  if (past.length === 0 || elapsedMs > Math.max(...past) * unknown.behind) {
    return Math.min(Math.max(elapsedMs * unknown.share, unknown.leastMs), unknown.mostMs);
  }
  const denseMs = Math.min(Math.max(Math.min(...past) * dense.share, dense.leastMs), dense.mostMs);
  return Math.min(lookAgainMs({ elapsedMs, past, percent: null, denseMs }), longestMs);
}

/** Without those that were nothing like the others, such as the first one, which had no old tasks to drain. */
function usual(durations: readonly number[]): number[] {
  const middle = [...durations].sort((a, b) => a - b)[Math.floor(durations.length / 2)] ?? 0;
  return durations.filter((one) => one >= middle / 2 && one <= middle * 2);
}

/** How long the last successful deployments took, by key of the call: asked for once. */
const pasts = new Map<string, readonly number[]>();
const pastsAtMost = 200;

async function pastOf(call: EcsCall): Promise<readonly number[]> {
  const found = pasts.get(call.key);
  if (found !== undefined) return found;
  if (pasts.size >= pastsAtMost) pasts.clear();
  const asked = await askPast(call).catch(() => []);
  pasts.set(call.key, asked);
  return asked;
}

/** ECS keeps the deployments of 90 days (developer guide, service deployments). Not knowing them only costs looks. */
async function askPast({ spec, signal }: EcsCall): Promise<number[]> {
  const { cluster, service } = spec;
  const command = new ListServiceDeploymentsCommand({ cluster, service, status: ['SUCCESSFUL'], maxResults: 5 });
  const { serviceDeployments = [] } = await ecsOf(spec).read.send(command, { abortSignal: signal });
  return serviceDeployments.flatMap(({ startedAt, finishedAt }) =>
    startedAt !== undefined && finishedAt !== undefined ? [finishedAt.getTime() - startedAt.getTime()] : [],
  );
}
