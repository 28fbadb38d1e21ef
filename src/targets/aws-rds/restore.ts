import type { Call, Restored, Savepoint, Step } from '../../release/target.ts';
import { restore as restoreDatabase } from '../postgres/restore.ts';
import { isWorking, onRestored } from './apart.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { exchangeStep } from './exchanging.ts';
import { fenced } from './fencing.ts';
import { follow } from './following.ts';
import type { Instance } from './instances.ts';
import { lookAt, type Sight } from './look.ts';
import { databaseCall } from './place.ts';
import { type Prepared, prepare } from './preparing.ts';
import { ensureRestored } from './restoring.ts';
import { asDatabaseSavepoint, type RdsState } from './state.ts';

const preparing = { part: 'preparing', detail: 'proving the restored instance', alone: true } as const;

/**
 * Restores beside the running instance, with every setting, proves it, and only then lets it take the name. Each call
 * looks at RDS first and does what is missing, so that it is right after a crash at any point. The replaced instance and
 * the snapshot are kept.
 * @throws TargetFailure as `ensureRestored`, `ensureProved` and `exchangeStep`; before the exchange nothing has changed
 */
export async function restore(call: Call<AwsRdsSpec>, to: Savepoint<RdsState>): Promise<Step<Restored>> {
  if (to.absent) return await restoreDatabase(databaseCall(call), asDatabaseSavepoint(to));
  if (isWorking(call, preparing)) return await ready(call, to, null);
  await fenced(call);
  const sight = await lookAt(call);
  if (isInPlace(sight)) return await follow(call, to, sight);
  // The name leads nowhere: whatever else there is to say comes later.
  if (isBetween(sight)) return await exchange(call, sight);
  const restored = await ensureRestored(call, to, sight);
  return restored.state === 'done' ? await ready(call, to, restored.value) : restored;
}

function isInPlace({ named, restored }: Sight): boolean {
  return restored !== null && named?.resourceId === restored.resourceId;
}

/** Only an exchange that was begun takes the name from the running instance. */
function isBetween({ named, restored, replaced }: Sight): boolean {
  return named === null && restored !== null && replaced !== null;
}

/** `restored`: null while this attempt is preparing it. */
async function ready(
  call: Call<AwsRdsSpec>,
  to: Savepoint<RdsState>,
  restored: Instance | null,
): Promise<Step<Restored>> {
  const prepared: Step<Prepared> = await onRestored({ call, to, restored }, preparing, prepare);
  return prepared.state === 'done' ? await exchange(call, await lookAt(call)) : prepared;
}

async function exchange(call: Call<AwsRdsSpec>, sight: Sight): Promise<Step<Restored>> {
  const step = await exchangeStep(call, sight);
  if (step.ready) return { state: 'working', detail: 'the restored instance has the name', lookAgainMs: 1 };
  return { state: 'working', detail: step.detail, lookAgainMs: step.lookAgainMs };
}
