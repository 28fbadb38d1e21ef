import { translated } from '../aws/failures.ts';
import type { AwsPlace } from '../aws/place.ts';
import { type FailureKind, TargetFailure } from '../release/failure.ts';
import type { Found, Missing, Surroundings } from './reference.ts';

/** Every activity resolves references; within this time they share one call, which AWS counts and bills. */
const freshMs = 20_000;
/** While AWS cannot be asked, a value that was read before is worth more than a release that cannot go back. */
const usableMs = 60 * 60_000;

/** `askedAtMs`: when AWS was last asked, with or without success. */
type Kept = { found: Found; readAtMs: number; askedAtMs: number };

const kept = new Map<string, Kept>();
const asking = new Map<string, Promise<Found | Missing>>();

/** `name`: unique among everything that is read from AWS. Values stay in the memory of the worker, and for an hour at most. */
export async function keptShortly(
  name: string,
  read: () => Promise<Found | Missing>,
  now: () => number = Date.now,
): Promise<Found | Missing> {
  const known = kept.get(name);
  if (known !== undefined && now() - known.askedAtMs < freshMs) return known.found;
  const running = asking.get(name) ?? read().finally(() => asking.delete(name));
  asking.set(name, running);
  try {
    const outcome = await running;
    if ('value' in outcome) kept.set(name, { found: outcome, readAtMs: now(), askedAtMs: now() });
    else kept.delete(name);
    return outcome;
  } catch (error) {
    if (known === undefined || now() - known.readAtMs >= usableMs || !(error instanceof TargetFailure)) {
      kept.delete(name);
      throw error;
    }
    kept.set(name, { ...known, askedAtMs: now() });
    return known.found;
  }
}

/** An ARN names its region; else it is the one of the worker's environment, or of its profile. */
export function placeFor(name: string, { env }: Surroundings): AwsPlace {
  const region = /^arn:[^:]+:[^:]+:([^:]+):/.exec(name)?.[1];
  const ofWorker = [env.AWS_REGION, env.AWS_DEFAULT_REGION].find((each) => each !== undefined && each !== '');
  return { region: region ?? ofWorker ?? null, endpoint: null, profile: null };
}

/** What a person has to change, in words that hold no value. */
const words: Partial<Record<FailureKind, string>> = {
  'not-found': 'does not exist',
  refused: 'cannot be read in the state that it is in',
  failed: 'cannot be read',
  'invalid-input': 'cannot be read',
};

/**
 * Why AWS gave no value: something that only a person can change is an answer.
 * @throws TargetFailure for what may pass, such as `unreachable` and `busy`
 */
export function missingBecause(error: unknown, action: string): Missing {
  const failure = translated('asking for a value', error);
  if (!(failure instanceof TargetFailure) || failure.kind === 'unreachable' || failure.kind === 'busy') throw failure;
  const name = error instanceof Error && error.name !== 'Error' ? ` (${error.name})` : '';
  const remedy = failure.details.remedy;
  if (failure.kind !== 'permission') {
    return { missing: `${words[failure.kind] ?? 'cannot be read'}${name}${remedy === undefined ? '' : `: ${remedy}`}` };
  }
  return { missing: `may not be read${name}: ${deniedRemedy(error, action) ?? remedy ?? `allow ${action}`}` };
}

function deniedRemedy(error: unknown, action: string): string | null {
  const denied = error instanceof Error && /AccessDenied|Decryption/.test(error.name);
  return denied
    ? `allow ${action} to the role that the worker uses, and kms:Decrypt where it has a key of its own`
    : null;
}
