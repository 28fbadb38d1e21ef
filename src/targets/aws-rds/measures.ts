import type { Carried, Carrying, Loss, LossRules } from '../../release/loss.ts';
import type { Beside, Call, Savepoint, Step } from '../../release/target.ts';
import { carry as carryDatabase, carryHeld } from '../postgres/carry/carry.ts';
import { beside as besideDatabase } from '../postgres/loss/beside.ts';
import { ensureCopy } from '../postgres/loss/copies.ts';
import { loss as lossOfDatabase, measureLoss } from '../postgres/loss/loss.ts';
import { ensureReference } from '../postgres/loss/reference.ts';
import { type Apart, isWorking, onRestored, type Part } from './apart.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { fenced } from './fencing.ts';
import { lookAt } from './look.ts';
import { databaseCall } from './place.ts';
import { ensureProved, withEveryRow } from './proving.ts';
import { ensureRestored } from './restoring.ts';
import { asDatabaseSavepoint, type RdsState } from './state.ts';

type Rds = Call<AwsRdsSpec>;

/**
 * Restores the savepoint as an instance of its own, proves it, and builds on it the copy that rows may be carried into
 * and the reference by which the release's own rows are told apart. The running instance is only read.
 */
export async function beside(call: Rds, from: Savepoint<RdsState>): Promise<Step<Beside>> {
  if (from.absent) return await besideDatabase(databaseCall(call), asDatabaseSavepoint(from));
  const part = { part: 'beside', detail: 'looking at the restored instance' };
  return await apart({ call, to: from }, part, buildBeside);
}

async function buildBeside(on: Apart): Promise<Beside> {
  const proof = await ensureProved(on);
  const back = await withEveryRow(on);
  const copy = await ensureCopy(back);
  const { missing, separate } = await ensureReference(back, copy.name);
  const rows = on.to.state.rowsRead ? 'every row compared' : 'its rows were read now for the first time';
  const own = missing ?? (separate ? 'rows of the release are told apart' : 'the release has applied nothing yet');
  return {
    name: on.restored.id,
    proof,
    detail: `${on.restored.id} is the savepoint of ${on.to.takenAt}, ${rows}; ${own}`,
  };
}

/** Between the running instance and the restored one, to the row. */
export async function loss(call: Rds, since: Savepoint<RdsState>, rules: LossRules): Promise<Step<Loss>> {
  if (since.absent) return await lossOfDatabase(databaseCall(call), asDatabaseSavepoint(since), rules);
  return await apart({ call, to: since }, { part: 'loss', detail: 'preparing to measure' }, async (on) => {
    await ensureProved(on);
    return await measureLoss(await withEveryRow(on), rules);
  });
}

/** Into the copy on the restored instance, or into files that load into the old schema. */
export async function carry(call: Rds, since: Savepoint<RdsState>, carrying: Carrying): Promise<Step<Carried>> {
  if (since.absent) return await carryDatabase(databaseCall(call), asDatabaseSavepoint(since), carrying);
  return await apart({ call, to: since }, { part: 'carry', detail: 'preparing to carry rows over' }, async (on) => {
    await ensureProved(on);
    return await carryHeld(await withEveryRow(on), carrying);
  });
}

/** Waits for the restored instance, then works on it. */
async function apart<T>(
  { call, to }: { call: Rds; to: Savepoint<RdsState> },
  part: Part,
  work: (on: Apart) => Promise<T>,
): Promise<Step<T>> {
  if (isWorking(call, part)) return await onRestored({ call, to, restored: null }, part, work);
  await fenced(call);
  const sight = await lookAt(call);
  const restored = await ensureRestored(call, to, sight);
  return restored.state === 'done' ? await onRestored({ call, to, restored: restored.value }, part, work) : restored;
}
