import { TargetFailure } from '../../release/failure.ts';
import type { Kind, Restored, Savepoint, Step } from '../../release/target.ts';
import { type CacheState, emptied, nothingToProve, savepointOfCache } from '../cache/cache.ts';
import type { RedisCall } from './connection.ts';
import { flush } from './flush.ts';
import type { RedisSpec } from './redis.schema.ts';
import { survey } from './survey.ts';

/** Only what the plan calls a cache is ever emptied, and only below its prefix. */
async function restore(call: RedisCall, to: Savepoint<CacheState>): Promise<Step<Restored>> {
  call.signal.throwIfAborted();
  const { contents, prefix } = call.spec;
  if (contents !== 'cache' || prefix === null) {
    return { state: 'done', value: emptied(to, `nothing was removed: it holds ${contents}, which is never emptied`) };
  }
  const removed = await flush(call, prefix);
  const detail = `${removed} keys that begin with ${prefix} were removed`;
  call.log.info('cache emptied', { prefix, removed });
  return { state: 'done', value: emptied(to, detail) };
}

/** A Redis whose cached keys a full rollback removes. */
export const redis: Kind<RedisSpec, CacheState, never> = {
  survey,
  async save(call) {
    call.signal.throwIfAborted();
    return { state: 'done', value: savepointOfCache(call, 'redis') };
  },
  async apply() {
    throw new TargetFailure('invalid-input', 'a release changes nothing in Redis');
  },
  restore,
  async fingerprint(call) {
    call.signal.throwIfAborted();
    return nothingToProve();
  },
};
