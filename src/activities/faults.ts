import { Context } from '@temporalio/activity';
import { drillPrefix } from '../release/drill.ts';
import { TargetFailure } from '../release/failure.ts';
import type { TargetInput } from './inputs.ts';

/** A drill makes a verb fail before the target hears of it. */
export function failBefore({ fault, key }: TargetInput): void {
  if (fault === 'before') throw new TargetFailure('failed', `${drillPrefix}${key} was made to fail before its effect`);
}

/**
 * A drill makes a verb fail after its effect. `lost`: the first answer gets lost on its way, so that the next attempt
 * has to find the effect by its key; what it answers then is a failure.
 */
export function failAfter({ fault, key }: TargetInput): void {
  if (fault === 'lost' && Context.current().info.attempt === 1) {
    throw new TargetFailure('unreachable', `${drillPrefix}the answer of ${key} was lost after its effect`);
  }
  if (fault === 'lost') throw new TargetFailure('failed', `${drillPrefix}${key} was made to fail; its answer was lost`);
  if (fault === 'after') throw new TargetFailure('failed', `${drillPrefix}${key} was made to fail after its effect`);
}
