import { type Proof, prove } from '../../../release/fingerprint.ts';
import type { Beside, Call, Savepoint, Step } from '../../../release/target.ts';
import { readRestore } from '../exchange.ts';
import { claimed } from '../fence.ts';
import { absentFingerprint } from '../fingerprint.ts';
import type { PostgresSpec } from '../postgres.schema.ts';
import { inBackground } from '../running.ts';
import type { PostgresState } from '../savepoints.ts';
import { begin, ensureCopy, type GoingBack } from './copies.ts';
import { prepareSums } from './prepared.ts';
import { ensureReference, type Reference } from './reference.ts';

/**
 * Builds the copy that a restore with the same key exchanges, proves it, and builds the reference by which a loss tells
 * the release's own rows apart. Nobody is held, and the database itself is only read.
 */
export function beside(call: Call<PostgresSpec>, from: Savepoint<PostgresState>): Promise<Step<Beside>> {
  return inBackground({ ...call, key: `${call.key} beside` }, 'preparing the copy', (progress) =>
    claimed(call, progress.signal, (claim) => build({ call, claim, progress, to: from })),
  );
}

async function build(back: GoingBack): Promise<Beside> {
  const { call, claim, to } = back;
  await begin(back);
  if (to.absent) {
    const absent = absentFingerprint(to.takenAt);
    const reference = await ensureReference(back, null);
    await prepareSums(back, null, reference);
    const detail = `there was no database before, so there is no copy; ${inWords(reference)}`;
    return { name: '', proof: prove(absent, absent), detail };
  }
  const row = await readRestore(claim.maintenance, call.key);
  if (row?.exchangedAt != null) return exchanged(back);
  const copy = await ensureCopy(back);
  const reference = await ensureReference(back, copy.name);
  await prepareSums(back, copy.name, reference);
  return { ...copy, detail: `${copy.name} is the savepoint of ${to.takenAt}; ${inWords(reference)}` };
}

async function exchanged({ call, claim }: GoingBack): Promise<Beside> {
  const [row] = await claim.maintenance.rows<{ proof: Proof }>('select proof from savepoint.restores where key = $1', [
    call.key,
  ]);
  const proof = row?.proof ?? { level: 'unproved', parts: [], differences: [] };
  return { name: claim.place.database, proof, detail: 'the copy has taken the place of the database already' };
}

function inWords({ separate, database, missing }: Reference): string {
  if (missing !== null) return missing;
  return separate
    ? `rows of the release are told apart by ${database}`
    : 'the release has applied nothing yet, so every difference is the work of users';
}
