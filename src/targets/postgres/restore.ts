import { TargetFailure } from '../../release/failure.ts';
import { type Proof, prove } from '../../release/fingerprint.ts';
import type { Call, Restored, Savepoint, Step } from '../../release/target.ts';
import { findDatabase } from './connection.ts';
import { exchange, readRestore } from './exchange.ts';
import { claimed } from './fence.ts';
import { absentFingerprint } from './fingerprint.ts';
import { begin, ensureCopy, type GoingBack } from './loss/copies.ts';
import { holdOf } from './loss/held.ts';
import { readMeasure } from './loss/record.ts';
import { dropReference } from './loss/reference.ts';
import { forgetSums } from './loss/sums.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { inBackground } from './running.ts';
import type { PostgresState } from './savepoints.ts';

type Restoring = GoingBack;

/**
 * Brings the savepoint back beside the database, proves it, and only then exchanges the two. The replaced database
 * and the savepoint itself are kept.
 */
export function restore(call: Call<PostgresSpec>, to: Savepoint<PostgresState>): Promise<Step<Restored>> {
  return inBackground(call, 'preparing the restore', (progress) =>
    claimed(call, progress.signal, async (claim) => {
      const restoring = { call, claim, progress, to };
      const before = await finishedBefore(restoring);
      if (before !== null) return before;
      return to.absent ? setAside(restoring) : bringBack(restoring);
    }),
  );
}

/** What the same key did already, unless the database was changed again since. */
async function finishedBefore({ call, claim }: Restoring): Promise<Restored | null> {
  const [row] = await claim.maintenance.rows<{ result: Restored | null; again: boolean }>(
    `select result, exists (select from savepoint.attempts a where a.database = r.database) as again
       from savepoint.restores r where key = $1`,
    [call.key],
  );
  if (row?.again === true && row.result !== null) {
    await dropReference(claim, call.key);
    await claim.maintenance.rows('delete from savepoint.restores where key = $1', [call.key]);
    await claim.maintenance.rows('delete from savepoint.measures where key = $1', [call.key]);
    await forgetSums(claim.maintenance, call.key);
    return null;
  }
  return row?.result ?? null;
}

async function bringBack(restoring: Restoring): Promise<Restored> {
  const { call, claim, progress, to } = restoring;
  await begin(restoring);
  const row = await readRestore(claim.maintenance, call.key);
  if (row?.exchangedAt == null) {
    await refuseOutdated(restoring);
    const { name } = await ensureCopy(restoring);
    progress.tell(`exchanging ${claim.place.database}`);
    await exchange(claim, { key: call.key, release: call.release, beside: name });
  }
  const carried = (await readMeasure(claim, call.key))?.carried?.carried ?? 0;
  const carriedOver = carried === 0 ? '' : `, with ${carried} ${carried === 1 ? 'row' : 'rows'} carried over`;
  return finish(restoring, `${claim.place.database} is the savepoint of ${to.takenAt} again${carriedOver}`);
}

/**
 * Rows were carried into the copy, and then writers were let in: what they wrote since is in neither.
 * @throws TargetFailure `changed`
 */
async function refuseOutdated({ call, claim }: Restoring): Promise<void> {
  const measure = await readMeasure(claim, call.key);
  if (measure?.carried == null || measure.hold === (await holdOf(claim.maintenance, claim.place))) return;
  throw new TargetFailure(
    'changed',
    `writers of ${claim.place.database} were let in after rows were carried into the copy; nothing was exchanged`,
    { remedy: 'build the copy again, hold the writers, measure and carry over once more' },
  );
}

/** First release: there was no database, so the one that was made is put aside under another name. */
async function setAside(restoring: Restoring): Promise<Restored> {
  const { call, claim, progress } = restoring;
  await begin(restoring);
  const row = await readRestore(claim.maintenance, call.key);
  const there = await findDatabase(claim.maintenance, claim.place.database);
  const absent = absentFingerprint(restoring.to.takenAt);
  await claim.maintenance.rows('update savepoint.restores set proof = $2 where key = $1', [
    call.key,
    prove(absent, absent),
  ]);
  if (there !== null && row?.exchangedAt == null) {
    progress.tell(`setting ${claim.place.database} aside`);
    await exchange(claim, { key: call.key, release: call.release, beside: null });
  }
  return finish(
    restoring,
    there === null && row?.exchangedAt == null
      ? 'there was no database and there is none'
      : 'there is no database again',
  );
}

async function finish({ call, claim }: Restoring, detail: string): Promise<Restored> {
  const [row] = await claim.maintenance.rows<{ proof: Proof; downtimeMs: number | null; kept: string | null }>(
    `select proof, kept, ceil(extract(epoch from exchanged_at - closed_at) * 1000)::int as "downtimeMs"
       from savepoint.restores where key = $1`,
    [call.key],
  );
  if (row === undefined) throw new TargetFailure('unknown', 'the server lost its record of this restore');
  const restored: Restored = {
    proof: row.proof,
    downtimeMs: row.downtimeMs ?? 0,
    kept: row.kept,
    detail: row.kept === null ? detail : `${detail}; the replaced one is kept as ${row.kept}`,
  };
  await dropReference(claim, call.key);
  await forgetSums(claim.maintenance, call.key);
  await claim.maintenance.rows('update savepoint.restores set result = $2 where key = $1', [call.key, restored]);
  return restored;
}
