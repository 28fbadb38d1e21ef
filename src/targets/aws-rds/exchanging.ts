import { ModifyDBInstanceCommand } from '@aws-sdk/client-rds';
import { isNamed, translated } from '../../aws/failures.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { rdsOf } from './client.ts';
import { type Instance, isSettled } from './instances.ts';
import type { Sight } from './look.ts';
import { rename } from './requests.ts';

/** While the name leads nowhere nobody waits longer than this to look again. */
const anxiousMs = 1_000;

/** `ready`: the restored instance has the name. Else what is awaited; people read it while users are cut off. */
export type Exchanged = { ready: true } | { ready: false; detail: string; lookAgainMs: number };

/** Failures after which another try would be refused as well. */
const passing = ['unreachable', 'busy'];

/**
 * One step of the exchange, chosen by what RDS says: first the running instance gives up the name, then the restored one
 * takes it. RDS has no request for both, so that the name leads nowhere in between; called again after a crash it goes on
 * from there. When the second rename is refused the first is undone.
 * @throws TargetFailure `failed` with what was done and what not
 */
export async function exchangeStep(call: Call<AwsRdsSpec>, sight: Sight): Promise<Exchanged> {
  const { named, restored, replaced, superseded } = sight;
  const name = call.spec.instance.toLowerCase();
  if (restored === null) throw new TargetFailure('unknown', 'the restored instance cannot be found any more');
  if (named?.resourceId === restored.resourceId) return { ready: true };
  if (named !== null && named.resourceId !== replaced?.resourceId) {
    throw new TargetFailure('changed', `${named.id} is now an instance that this release does not know`, {
      remedy: `find out who made ${named.resourceId}; the restored instance is ${restored.id}`,
    });
  }
  if (named !== null) return await giveUpName(call, named, superseded);
  if (!isSettled(restored)) return nowhere(name, `${restored.id} is ${restored.status}`);
  return await takeName(call, { restored, replaced, name });
}

function nowhere(name: string, why: string): Exchanged {
  return { ready: false, detail: `nobody can reach ${name} now: ${why}`, lookAgainMs: anxiousMs };
}

async function giveUpName(call: Call<AwsRdsSpec>, running: Instance, superseded: string): Promise<Exchanged> {
  const waiting = { ready: false, detail: `${running.id} is ${running.status}`, lookAgainMs: anxiousMs } as const;
  if (running.status === 'renaming' || running.pending.includes('DBInstanceIdentifier')) return waiting;
  call.signal.throwIfAborted();
  const done = await send(call, running.id, superseded);
  return done ? nowhere(running.id, `it is called ${superseded} from now on`) : waiting;
}

type Taking = { restored: Instance; replaced: Instance | null; name: string };

async function takeName(call: Call<AwsRdsSpec>, taking: Taking): Promise<Exchanged> {
  const { restored, name } = taking;
  try {
    const done = await send(call, restored.id, name);
    if (!done) return nowhere(name, `${restored.id} cannot take it yet`);
    return { ready: false, detail: `${restored.id} is called ${name} from now on`, lookAgainMs: anxiousMs };
  } catch (error) {
    if (!(error instanceof TargetFailure) || passing.includes(error.kind)) throw error;
    return await undo(call, taking, error);
  }
}

/** Users get back what they had; while the replaced instance takes no request it is tried again by the next look. */
async function undo(call: Call<AwsRdsSpec>, taking: Taking, why: TargetFailure): Promise<Exchanged> {
  const { restored, replaced, name } = taking;
  const details = { ...why.details, notDone: [`rename of ${restored.id} to ${name}`] };
  const alone = `nobody can reach ${name}: ${why.message}`;
  if (replaced === null) throw new TargetFailure('failed', alone, details, why);
  let back: boolean;
  try {
    back = await send(call, replaced.id, name);
  } catch (error) {
    const again = error instanceof Error ? error.message : '';
    throw new TargetFailure(
      'failed',
      `${alone}; nor could ${replaced.id} take it back: ${again}`,
      { ...details, remedy: `rename ${replaced.id} or ${restored.id} to ${name} by hand` },
      error,
    );
  }
  if (!back)
    return nowhere(name, `${why.message}; ${replaced.id} gets it back when it is no longer ${replaced.status}`);
  const message = `${restored.id} could not take the name, so ${name} is what it was: ${why.message}`;
  throw new TargetFailure('failed', message, details, why);
}

/** @returns false while the instance takes no such request, or while RDS still keeps the name */
async function send(call: Call<AwsRdsSpec>, from: string, to: string): Promise<boolean> {
  try {
    await rdsOf(call.spec).write.send(new ModifyDBInstanceCommand(rename(from, to)));
    call.log.info('instance renamed', { from, to });
    return true;
  } catch (error) {
    if (isNamed(error, 'InvalidDBInstanceState', 'DBInstanceAlreadyExists')) return false;
    throw translated(`renaming ${from} to ${to}`, error);
  }
}
