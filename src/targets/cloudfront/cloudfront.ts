import type { Json } from '../../release/json.ts';
import type { Call, Kind, Restored, Savepoint, Step } from '../../release/target.ts';
import { type CacheState, emptied, nothingToProve, savepointOfCache } from '../cache/cache.ts';
import type { CloudfrontSpec } from './cloudfront.schema.ts';
import { invalidate } from './invalidation.ts';
import { surveyDistribution } from './survey.ts';

type CloudfrontCall = Call<CloudfrontSpec>;

function empty(call: CloudfrontCall, reference: 'forward' | 'back'): Promise<Step<{ id: string }>> {
  const { distribution, paths, region, endpoint, profile } = call.spec;
  return invalidate(call, { place: { region, endpoint, profile }, distribution, paths, reference });
}

async function apply(call: CloudfrontCall): Promise<Step<Json>> {
  return await empty(call, 'forward');
}

/** What it was filled with on the way forward must go as well; what it held before that is filled in by users. */
async function restore(call: CloudfrontCall, to: Savepoint<CacheState>): Promise<Step<Restored>> {
  const step = await empty(call, 'back');
  if (step.state !== 'done') return step;
  const detail = `${call.spec.distribution} was emptied again by invalidation ${step.value.id}`;
  return { state: 'done', value: emptied(to, detail) };
}

/** A CloudFront distribution as a target of its own. */
export const cloudfront: Kind<CloudfrontSpec, CacheState, 'invalidate'> = {
  async survey(call) {
    call.signal.throwIfAborted();
    const { distribution, region, endpoint, profile } = call.spec;
    const place = { region, endpoint, profile };
    return {
      findings: await surveyDistribution({ place, distribution, signal: call.signal }),
      running: distribution,
    };
  },
  async save(call) {
    call.signal.throwIfAborted();
    return { state: 'done', value: savepointOfCache(call, 'cloudfront') };
  },
  apply,
  restore,
  async fingerprint(call) {
    call.signal.throwIfAborted();
    return nothingToProve();
  },
};
