import { clientsOf } from '../../aws/client.ts';
import { asking, isNamed, translated } from '../../aws/failures.ts';
import { keyHash } from '../../aws/owner.ts';
import type { AwsPlace } from '../../aws/place.ts';
import { TargetFailure } from '../../release/failure.ts';
import { baseOf } from '../../release/fence.ts';
import type { Call, Step } from '../../release/target.ts';
import { pathsProblem } from './invalidation.schema.ts';

/** What an invalidation needs of the call that makes it. */
type InvalidatingCall = Pick<Call<unknown>, 'release' | 'target' | 'key' | 'fence' | 'signal' | 'log'>;

/**
 * `paths`: as CloudFront takes them, `/*` is everything. `reference`: what this invalidation means within its call, such
 * as `forward` or `back`: a call that must empty the cache twice gives two.
 */
export type Invalidation = { place: AwsPlace; distribution: string; paths: readonly string[]; reference: string };

/**
 * An invalidation takes seconds or minutes (developer guide), and CloudFront tells neither its progress nor how long
 * earlier ones took: the pause grows with the time that has passed.
 */
const pause = { share: 0.3, leastMs: 1_000, mostMs: 15_000 };
const untilThereIsRoomMs = 20_000;

/** Invalidations that this worker has seen begin; whoever does not find his here asks CloudFront with the reference. */
const begun = new Map<string, { id: string; sinceMs: number }>();

/**
 * Empties the cache, or finds what an earlier attempt of the same call began: CloudFront answers a repeated
 * CallerReference with the old invalidation (API reference, InvalidationBatch), so a lost answer costs nothing. The
 * reference holds the key of the call and tells calls of one key apart, so neither the way back nor a resumed release
 * meets an invalidation from before.
 *
 * Call it once the old version has stopped answering, else the cache fills with old answers again.
 *
 * @throws TargetFailure `invalid-input` for paths that CloudFront would not take, `not-found` without such a distribution
 */
export async function invalidate(call: InvalidatingCall, order: Invalidation): Promise<Step<{ id: string }>> {
  call.signal.throwIfAborted();
  const problem = pathsProblem(order.paths);
  if (problem !== null) throw new TargetFailure('invalid-input', `nothing was invalidated: ${problem}`);
  const reference = callerReference(call, order);
  const name = JSON.stringify([order.place, order.distribution, reference]);
  const known = begun.get(name);
  const found = known === undefined ? await create(call, order, reference) : await lookAt(call, order, known.id);
  if (found === 'no room') {
    const detail = `CloudFront is still busy with earlier invalidations of ${order.distribution}`;
    return { state: 'working', detail, lookAgainMs: untilThereIsRoomMs };
  }
  if (isCompleted(found.status)) {
    begun.delete(name);
    return { state: 'done', value: { id: found.id } };
  }
  const sinceMs = known?.sinceMs ?? Date.now();
  begun.set(name, { id: found.id, sinceMs });
  const detail = `invalidation ${found.id} is in progress`;
  return { state: 'working', detail, lookAgainMs: pauseMs(Date.now() - sinceMs) };
}

function pauseMs(elapsedMs: number): number {
  const { share, leastMs, mostMs } = pause;
  return Math.round(Math.min(Math.max(elapsedMs * share, leastMs), mostMs));
}

type Found = { id: string; status: string };

/** Paths belong to it: the same reference with other paths is an error. The release and the target are for people. */
export function callerReference({ release, target, key, fence }: InvalidatingCall, order: Invalidation): string {
  const meaning = keyHash(JSON.stringify([key, baseOf(fence), order.reference, order.paths]));
  return `savepoint-${release}-${target}-${order.reference}-${meaning}`;
}

function isCompleted(status: string): boolean {
  return status.toLowerCase() === 'completed';
}

async function clients(place: AwsPlace) {
  const { CloudFrontClient } = await import('@aws-sdk/client-cloudfront');
  return clientsOf('cloudfront', place, (config) => new CloudFrontClient(config));
}

async function create(
  call: InvalidatingCall,
  { place, distribution, paths }: Invalidation,
  reference: string,
): Promise<Found | 'no room'> {
  const { CreateInvalidationCommand } = await import('@aws-sdk/client-cloudfront');
  const batch = { CallerReference: reference, Paths: { Quantity: paths.length, Items: [...paths] } };
  const command = new CreateInvalidationCommand({ DistributionId: distribution, InvalidationBatch: batch });
  try {
    const { Invalidation: made } = await (await clients(place)).write.send(command, { abortSignal: call.signal });
    call.log.info('invalidation begun or found', { distribution, id: made?.Id ?? '', reference });
    return foundIn(made, distribution);
  } catch (error) {
    if (isNamed(error, 'TooManyInvalidationsInProgress')) return 'no room';
    throw translated(`invalidating ${distribution}`, error);
  }
}

async function lookAt(call: InvalidatingCall, { place, distribution }: Invalidation, id: string): Promise<Found> {
  const { GetInvalidationCommand } = await import('@aws-sdk/client-cloudfront');
  const command = new GetInvalidationCommand({ DistributionId: distribution, Id: id });
  const { Invalidation: found } = await asking(`looking at invalidation ${id} of ${distribution}`, async () =>
    (await clients(place)).read.send(command, { abortSignal: call.signal }),
  );
  return foundIn(found, distribution);
}

function foundIn(found: { Id?: string | undefined; Status?: string | undefined } | undefined, of: string): Found {
  if (found?.Id === undefined) throw new TargetFailure('unknown', `CloudFront named no invalidation of ${of}`);
  return { id: found.Id, status: found.Status ?? '' };
}
