import { TargetFailure } from '../../release/failure.ts';
import { parseKept, readKept, type S3SiteCall, writeKept } from './bucket.ts';

const name = 'fence.json';
/** As often somebody else may be faster before this attempt gives way for a moment. */
const tries = 10;

type Fence = { number: number };

/**
 * Makes every older attempt powerless: they look here before each lot of what they write. The object is only replaced
 * while it is the one that was read.
 *
 * @throws TargetFailure `stale-fence` when a newer attempt is known
 */
export async function claim(call: S3SiteCall): Promise<void> {
  call.signal.throwIfAborted();
  for (let round = 0; round < tries; round += 1) {
    const found = await readKept(call, name);
    const number = found === null ? 0 : parseKept<Fence>(found.text, name).number;
    refuseOlder(call, number);
    if (number === call.fence) return;
    const text = JSON.stringify({ number: call.fence } satisfies Fence);
    if (await writeKept(call, { name, text, replaces: found?.etag ?? null })) return;
  }
  throw new TargetFailure('busy', `another attempt works on ${call.target}`);
}

/** @throws TargetFailure `stale-fence` when a newer attempt has taken over */
export async function checkNewest(call: S3SiteCall): Promise<void> {
  call.signal.throwIfAborted();
  const found = await readKept(call, name);
  refuseOlder(call, found === null ? 0 : parseKept<Fence>(found.text, name).number);
}

function refuseOlder({ fence }: S3SiteCall, newest: number): void {
  if (newest > fence) throw new TargetFailure('stale-fence', `attempt ${fence} was replaced by attempt ${newest}`);
}
