import { RestoreDBInstanceFromDBSnapshotCommand, RestoreDBInstanceToPointInTimeCommand } from '@aws-sdk/client-rds';
import { isNamed, translated } from '../../aws/failures.ts';
import { lookAgainMs } from '../../aws/pacing.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Call, Savepoint, Step } from '../../release/target.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { rdsOf } from './client.ts';
import { type Instance, isHopeless, isSettled } from './instances.ts';
import type { Sight } from './look.ts';
import { besideName } from './names.ts';
import { type Restoring, restorePointInTime, restoreSnapshot } from './requests.ts';
import { ensureSettings } from './settling.ts';
import { begunAt, findSnapshot } from './snapshots.ts';
import type { RdsState } from './state.ts';

const denseMs = 5_000;

/** Which of the two ways is open: the snapshot where it is still there, else the automated backups. */
type Way = { from: 'snapshot' } | { from: 'point in time'; source: Instance } | { from: 'later'; detail: string };

/**
 * The restored instance, available and with every setting of the saved one. Made once per key, beside the running one.
 * @throws TargetFailure `not-found` when neither snapshot nor backups are left, `failed` when RDS gives up, `refused` for a
 *   setting that is lost or at a quota. Nothing was exchanged then.
 */
export async function ensureRestored(
  call: Call<AwsRdsSpec>,
  to: Savepoint<RdsState>,
  sight: Sight,
): Promise<Step<Instance>> {
  const { restored } = sight;
  if (restored === null) return await begin(call, to, sight);
  if (isHopeless(restored)) {
    throw new TargetFailure('failed', `RDS could not restore ${restored.id}: it is ${restored.status}`, {
      remedy: `look at its events, delete it, then try again; nothing was exchanged`,
    });
  }
  if (!isSettled(restored)) return waiting(call, restored);
  const awaited = await ensureSettings(call, to, restored);
  return awaited === null
    ? { state: 'done', value: restored }
    : { state: 'working', detail: awaited, lookAgainMs: denseMs };
}

function waiting(call: Call<AwsRdsSpec>, { id, status, tags, pending }: Instance): Step<Instance> {
  const elapsedMs = Date.now() - begunAt(tags);
  const pause = lookAgainMs({ elapsedMs, past: call.past ?? [], percent: null, denseMs });
  const what = pending.length > 0 ? `${status}, ${pending.join(', ')} to come` : status;
  return {
    state: 'working',
    detail: `${id} is ${what}, for ${Math.floor(elapsedMs / 60_000)} min`,
    lookAgainMs: pause,
  };
}

async function begin(call: Call<AwsRdsSpec>, to: Savepoint<RdsState>, sight: Sight): Promise<Step<Instance>> {
  const { replaced, superseded } = sight;
  const way = await wayOf(call, to, sight);
  const name = besideName(call.spec.instance, call.release);
  if (way.from === 'later') return { state: 'working', detail: way.detail, lookAgainMs: 30_000 };
  const restoring = { name, begun: new Date().toISOString(), replaces: replaced?.resourceId ?? 'nothing', superseded };
  call.signal.throwIfAborted();
  const begun = await send(call, to, { way, restoring });
  call.log.info('restoring beside', { instance: name, from: way.from });
  const detail = begun
    ? `restoring ${name} from the ${way.from}`
    : `RDS does not take the request yet; ${name} begins afterwards`;
  return { state: 'working', detail, lookAgainMs: denseMs };
}

async function wayOf(
  { spec, log }: Call<AwsRdsSpec>,
  to: Savepoint<RdsState>,
  { named, replaced }: Sight,
): Promise<Way> {
  const { snapshot, instant, resourceId } = to.state;
  if (snapshot !== null) {
    if ((await findSnapshot(spec, snapshot))?.status === 'available') return { from: 'snapshot' };
    log.warn('the snapshot is gone; the automated backups are used', { snapshot });
  }
  const source = [replaced, named].find((one) => one?.resourceId === resourceId);
  if (instant === null || source === undefined || source === null) {
    const gone = snapshot === null ? 'no automated backups of the saved instance' : `the snapshot ${snapshot} is gone`;
    throw new TargetFailure('not-found', `${gone}, so there is nothing to restore from`, {
      remedy: 'look for a copy of the snapshot in another account or region, and restore by hand',
    });
  }
  if (source.latestRestorable === null) {
    throw new TargetFailure('not-found', `${source.id} keeps no automated backups any more`);
  }
  // RDS ships its logs every five minutes (RDS guide, "Restoring a DB instance to a specified time").
  if (source.latestRestorable < instant) {
    const detail = `${source.id} can go back to ${source.latestRestorable} so far, and ${instant} is needed`;
    return { from: 'later', detail };
  }
  return { from: 'point in time', source };
}

type Sending = { way: Exclude<Way, { from: 'later' }>; restoring: Restoring };

/** @returns false while the saved instance takes no such request */
async function send(call: Call<AwsRdsSpec>, to: Savepoint<RdsState>, { way, restoring }: Sending): Promise<boolean> {
  const { write } = rdsOf(call.spec);
  try {
    if (way.from === 'snapshot') {
      await write.send(new RestoreDBInstanceFromDBSnapshotCommand(restoreSnapshot(call, to, restoring)));
    } else {
      const from = { ...restoring, source: way.source.id };
      await write.send(new RestoreDBInstanceToPointInTimeCommand(restorePointInTime(call, to, from)));
    }
    return true;
  } catch (error) {
    // An attempt whose answer was lost; the next look tells by its tag whose it is.
    if (isNamed(error, 'DBInstanceAlreadyExists')) return true;
    if (isNamed(error, 'InvalidDBInstanceState', 'InvalidDBSnapshotState')) return false;
    throw translated(`restoring ${restoring.name}`, error);
  }
}
