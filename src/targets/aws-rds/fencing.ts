import { TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import { claimed } from '../postgres/fence.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { databaseCall } from './place.ts';

/**
 * Takes the fence of this attempt in the database that users have, and ends what an older one left there. Where that
 * database does not answer, because it is dead or just changes its name, only the names of what is made keep two attempts
 * apart: RDS gives each name once, and an exchange looks at resource ids first.
 * @throws TargetFailure `stale-fence`
 */
export async function fenced(call: Call<AwsRdsSpec>): Promise<void> {
  try {
    await claimed(databaseCall(call), call.signal, async () => undefined);
  } catch (error) {
    call.signal.throwIfAborted();
    if (!(error instanceof TargetFailure) || error.kind !== 'unreachable') throw error;
    call.log.warn('the database does not answer, so no fence was taken', { why: error.message });
  }
}
