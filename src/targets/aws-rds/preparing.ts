import { TargetFailure } from '../../release/failure.ts';
import type { Proof } from '../../release/fingerprint.ts';
import { findDatabase } from '../postgres/connection.ts';
import { dropUnfinished } from '../postgres/copy.ts';
import { exchange as exchangeDatabases, readRestore } from '../postgres/exchange.ts';
import { giveBack, readHold, takeGrants } from '../postgres/hold.ts';
import { holdOf } from '../postgres/loss/held.ts';
import { type MeasureRow, readMeasure } from '../postgres/loss/record.ts';
import { dropReference } from '../postgres/loss/reference.ts';
import type { Apart } from './apart.ts';
import { ensureProved } from './proving.ts';
import { noteBegin } from './records.ts';
import { warm } from './warming.ts';

/** What is ready to take the place of the running instance. `carried`: rows that were carried into it. */
export type Prepared = { proof: Proof; carried: number; warmed: string[] };

/**
 * Makes the restored instance what users are to find: proved, with the rows that were carried over, without the copies
 * that served to measure, held as the running one is held, and warm. The running one is only read.
 * @throws TargetFailure `changed` when writers were let in after rows were carried over
 */
export async function prepare(apart: Apart): Promise<Prepared> {
  const { call, back, users } = apart;
  const { claim } = back;
  const proof = await ensureProved(apart);
  const measure = await readMeasure(claim, call.key);
  if (measure?.carried?.into === 'copy') await takeCarried(apart, measure);
  await dropCopies(apart);
  if (users !== null) await holdLike(apart);
  await claim.maintenance.rows('delete from savepoint.attempts where database = $1', [claim.place.database]);
  const warmed = await warm(apart);
  await noteBegin(claim.maintenance, call.key);
  return { proof, carried: measure?.carried?.into === 'copy' ? measure.carried.carried : 0, warmed };
}

/** The copy with the carried rows takes the database's name, on the restored instance. */
async function takeCarried({ call, back, users }: Apart, measure: MeasureRow): Promise<void> {
  const { claim } = back;
  const row = await readRestore(claim.maintenance, call.key);
  if (row?.exchangedAt != null) return;
  const hold = users === null ? measure.hold : await holdOf(users.maintenance, users.place);
  if (measure.hold !== hold) {
    throw new TargetFailure(
      'changed',
      `writers of ${claim.place.database} were let in after rows were carried over; nothing was exchanged`,
      { remedy: 'build the copy again, hold the writers, measure and carry over once more' },
    );
  }
  await exchangeDatabases(claim, { key: call.key, release: call.release, beside: row?.beside ?? null });
}

/** What served to measure and to carry. The snapshot itself is still there. */
async function dropCopies({ call, back }: Apart): Promise<void> {
  const { claim } = back;
  await dropReference(claim, call.key);
  const row = await readRestore(claim.maintenance, call.key);
  const name = row?.exchangedAt == null ? row?.beside : row.kept;
  if (name == null || (await findDatabase(claim.maintenance, name)) === null) return;
  back.progress.tell(`removing ${name}`);
  await dropUnfinished(claim, name);
}

/** Writers are kept out of the restored one exactly where they are kept out of the running one. */
async function holdLike({ call, back, users }: Apart): Promise<void> {
  const { claim } = back;
  const { database } = claim.place;
  const wanted = users === null ? null : await readHold(users.maintenance, database);
  const present = await readHold(claim.maintenance, database);
  if (wanted !== null) await takeGrants(claim, call.release);
  else if (present !== null) await giveBack(claim);
}
