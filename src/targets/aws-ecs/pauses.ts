import { ListServiceDeploymentsCommand } from '@aws-sdk/client-ecs';
import { lookAgainMs } from '../../aws/pacing.ts';
import { ecsOf } from './clients.ts';
import type { EcsCall } from './look.ts';

/** A deployment that fails is noticed within this, however long good ones take. */
const longestMs = 60_000;
/** Pause while the end may be near: without a past, and as a share of the shortest one that is known. */
const denseMs = { unknown: 2_000, share: 1 / 90, least: 250, most: 5_000 };

/** `percent`: share of the wanted tasks that run; with all of them running, old ones are still drained. */
export async function pauseMs(call: EcsCall, elapsedMs: number, percent: number | null): Promise<number> {
  const past = await pastOf(call);
  const dense =
    past.length === 0
      ? denseMs.unknown
      : Math.min(Math.max(Math.min(...past) * denseMs.share, denseMs.least), denseMs.most);
  const told = past.length === 0 && percent !== null && percent < 100 ? percent : null;
  return Math.min(lookAgainMs({ elapsedMs, past, percent: told, denseMs: dense }), longestMs);
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
