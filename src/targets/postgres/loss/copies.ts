import { TargetFailure } from '../../../release/failure.ts';
import type { Proof } from '../../../release/fingerprint.ts';
import type { Call, Savepoint } from '../../../release/target.ts';
import { findDatabase, identifier, inTransaction, openSession, type Session } from '../connection.ts';
import { copyUnused, dropUnfinished } from '../copy.ts';
import { restoreDump } from '../dump.ts';
import { readRestore } from '../exchange.ts';
import { type Claim, stillNewest, usersOf } from '../fence.ts';
import { type Facts, readFactsNow } from '../fingerprint.ts';
import { besideName } from '../names.ts';
import type { PostgresSpec } from '../postgres.schema.ts';
import { proofOf } from '../proof.ts';
import type { Progress } from '../running.ts';
import { type PostgresState, rememberedFacts } from '../savepoints.ts';
import { readSettings, settingsStatements } from '../settings.ts';
import { holdOf } from './held.ts';
import { contentAndSums } from './proved.ts';
import { beginMeasure, forgetCarrying, readMeasure } from './record.ts';
import { forgetSums, keptSums } from './sums.ts';

/** One attempt on the way back to a savepoint. */
export type GoingBack = {
  call: Call<PostgresSpec>;
  claim: Claim;
  progress: Progress;
  to: Savepoint<PostgresState>;
};

/** The copy that a restore will exchange. `proof` is that of the copy before anything was carried into it. */
export type Copy = { name: string; proof: Proof };

/** Between verbs copies are closed, so that nobody writes to what a restore relies on. */
export async function openCopy(claim: Claim, name: string): Promise<Session> {
  await claim.maintenance.run(`alter database ${identifier(name)} allow_connections true`);
  const session = await openSession(claim.place, name, claim.application);
  await stillNewest(claim);
  return session;
}

export async function closeCopy(claim: Claim, name: string): Promise<void> {
  await claim.maintenance.run(`alter database ${identifier(name)} allow_connections false`);
}

export async function inCopy<T>(claim: Claim, name: string, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openCopy(claim, name);
  try {
    return await work(session);
  } finally {
    await session.close();
    await closeCopy(claim, name);
  }
}

/** The rows that everything else about this way back hangs on. */
export async function begin({ call, claim }: GoingBack): Promise<void> {
  await claim.maintenance.rows(
    `insert into savepoint.restores (key, database, release) values ($1, $2, $3) on conflict (key) do nothing`,
    [call.key, claim.place.database, call.release],
  );
  await beginMeasure(claim, call.key, call.release);
}

/**
 * The savepoint as a database beside the current one, proved. Finished once, it is found again; one that rows were
 * carried into for a hold that is over, or not to the end, is made anew.
 * @throws TargetFailure `failed` when it is not what was saved, `not-found` or `changed` when the savepoint is gone
 */
export async function ensureCopy(back: GoingBack): Promise<Copy> {
  const { call, claim, progress, to } = back;
  await begin(back);
  if (await isStale(back)) await giveUp(back);
  const name = besideName(claim.place.database, call.release);
  const facts = await rememberedFacts(claim.maintenance, to);
  await build(back, facts, name);
  const [known] = await claim.maintenance.rows<{ proof: Proof | null }>(
    'select proof from savepoint.restores where key = $1',
    [call.key],
  );
  if (known?.proof != null) return { name, proof: known.proof };
  progress.tell(`comparing ${name} with the savepoint`);
  const proof = await prove(back, facts, name);
  await claim.maintenance.rows('update savepoint.restores set proof = $2 where key = $1', [call.key, proof]);
  return { name, proof };
}

async function isStale({ call, claim }: GoingBack): Promise<boolean> {
  const measure = await readMeasure(claim, call.key);
  if (measure === null || measure.hold === null) return false;
  const { maintenance, place } = usersOf(claim);
  return measure.carried === null || measure.hold !== (await holdOf(maintenance, place));
}

async function giveUp({ call, claim }: GoingBack): Promise<void> {
  await inTransaction(claim.maintenance, async () => {
    await claim.maintenance.rows('update savepoint.restores set beside_oid = null, proof = null where key = $1', [
      call.key,
    ]);
    await forgetCarrying(claim, call.key);
  });
}

/** The copy is made once: a lost attempt's is used only when it was finished, which its oid in the row says. */
async function build(back: GoingBack, facts: Facts, name: string): Promise<void> {
  const { call, claim, progress } = back;
  const row = await readRestore(claim.maintenance, call.key);
  const there = await findDatabase(claim.maintenance, name);
  if (there !== null && row?.besideOid === there.oid) return;
  if (there !== null && (row?.beside !== name || row.besideOid !== null)) {
    throw new TargetFailure('refused', `a database ${name} exists already and is not this restore's`, {
      remedy: 'look at it, then rename or drop it',
    });
  }
  await claim.maintenance.rows(
    'update savepoint.restores set beside = $2, beside_oid = null, proof = null where key = $1',
    [call.key, name],
  );
  if (there !== null) await dropUnfinished(claim, name);
  await forgetSums(claim.maintenance, call.key);
  progress.tell(`building ${name}`);
  const oid = await fill(back, facts, name);
  await giveSettings(claim, name, facts);
  await claim.maintenance.rows('update savepoint.restores set beside_oid = $2 where key = $1', [call.key, oid]);
}

/** Owner, grants and settings, which every copy of a database loses. */
export async function giveSettings(claim: Claim, name: string, facts: Facts): Promise<void> {
  const fresh = await readSettings(claim.maintenance, name);
  if (fresh === null) return;
  for (const statement of settingsStatements(name, fresh, facts.settings)) await claim.maintenance.run(statement);
}

/** Makes a database of the savepoint. @returns its oid */
export async function fill({ call, claim, progress, to }: GoingBack, facts: Facts, name: string): Promise<string> {
  if (to.state.by === 'dump')
    return restoreDump(call, claim, { state: to.state, facts, name, signal: progress.signal });
  const copy = to.state.copy ?? '';
  if ((await findDatabase(claim.maintenance, copy)) === null) {
    throw new TargetFailure('not-found', `the savepoint ${copy} does not exist any more`, {
      remedy: `bring it back from a backup under the name ${copy}`,
    });
  }
  return copyUnused(claim, copy, name);
}

async function prove({ call, claim, to }: GoingBack, facts: Facts, name: string): Promise<Proof> {
  const settings = await readSettings(claim.maintenance, name);
  if (settings === null) throw new TargetFailure('not-found', `the copy ${name} is gone`);
  const there = await findDatabase(claim.maintenance, name);
  const kept = keptSums(claim.maintenance, call.key, there?.oid ?? '');
  const actual = await inCopy(claim, name, (session) => readFactsNow(session, settings, contentAndSums(facts, kept)));
  const proof = proofOf(to.fingerprint, facts, actual);
  if (proof.differences.length === 0) return proof;
  throw new TargetFailure('failed', `the copy ${name} is not what was saved; nothing was exchanged`, {
    evidence: proof.differences
      .map(({ part, actual: now }) => `${part}: ${now ?? 'missing'}`)
      .slice(0, 5)
      .join('\n'),
    notDone: [`exchange of ${claim.place.database}`],
  });
}
