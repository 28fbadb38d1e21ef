import { TargetFailure } from '../../release/failure.ts';
import { type Proof, prove } from '../../release/fingerprint.ts';
import type { Call, Restored, Savepoint, Step } from '../../release/target.ts';
import { findDatabase, openSession } from './connection.ts';
import { copyUnused, dropUnfinished } from './copy.ts';
import { restoreDump } from './dump.ts';
import { exchange, readRestore } from './exchange.ts';
import { type Claim, claimed, stillNewest } from './fence.ts';
import { absentFingerprint, type Facts, readFactsNow } from './fingerprint.ts';
import { besideName } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { proofOf } from './proof.ts';
import { inBackground, type Progress } from './running.ts';
import { type PostgresState, rememberedFacts } from './savepoints.ts';
import { readSettings, settingsStatements } from './settings.ts';

type Restoring = { call: Call<PostgresSpec>; claim: Claim; progress: Progress; to: Savepoint<PostgresState> };

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
    await claim.maintenance.rows('delete from savepoint.restores where key = $1', [call.key]);
    return null;
  }
  return row?.result ?? null;
}

async function begin({ call, claim }: Restoring): Promise<void> {
  await claim.maintenance.rows(
    `insert into savepoint.restores (key, database, release) values ($1, $2, $3) on conflict (key) do nothing`,
    [call.key, claim.place.database, call.release],
  );
}

async function bringBack(restoring: Restoring): Promise<Restored> {
  const { call, claim, progress, to } = restoring;
  await begin(restoring);
  const row = await readRestore(claim.maintenance, call.key);
  const name = besideName(claim.place.database, call.release);
  if (row?.exchangedAt == null) {
    const facts = await rememberedFacts(claim.maintenance, to);
    await buildBeside(restoring, facts, name);
    progress.tell(`comparing ${name} with the savepoint`);
    const proof = await proveBeside(restoring, facts, name);
    await claim.maintenance.rows('update savepoint.restores set proof = $2 where key = $1', [call.key, proof]);
    progress.tell(`exchanging ${claim.place.database}`);
    await exchange(claim, { key: call.key, release: call.release, beside: name });
  }
  return finish(restoring, `${claim.place.database} is the savepoint of ${to.takenAt} again`);
}

/** The copy is made once: a lost attempt's is used only when it was finished, which its oid in the row says. */
async function buildBeside(restoring: Restoring, facts: Facts, name: string): Promise<void> {
  const { call, claim, progress } = restoring;
  const row = await readRestore(claim.maintenance, call.key);
  const there = await findDatabase(claim.maintenance, name);
  if (there !== null && row?.besideOid === there.oid) return;
  if (there !== null && row?.beside !== name) {
    throw new TargetFailure('refused', `a database ${name} exists already and is not this restore's`, {
      remedy: 'look at it, then rename or drop it',
    });
  }
  await claim.maintenance.rows('update savepoint.restores set beside = $2 where key = $1', [call.key, name]);
  if (there !== null) await dropUnfinished(claim, name);
  progress.tell(`building ${name}`);
  const oid = await fill(restoring, facts, name);
  const fresh = await readSettings(claim.maintenance, name);
  if (fresh !== null) {
    for (const statement of settingsStatements(name, fresh, facts.settings)) await claim.maintenance.run(statement);
  }
  await claim.maintenance.rows('update savepoint.restores set beside_oid = $2 where key = $1', [call.key, oid]);
}

async function fill({ call, claim, progress, to }: Restoring, facts: Facts, name: string): Promise<string> {
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

/** @throws TargetFailure `failed` when the copy is not what was saved; nothing was exchanged then */
async function proveBeside({ claim, to }: Restoring, facts: Facts, name: string): Promise<Proof> {
  const settings = await readSettings(claim.maintenance, name);
  if (settings === null) throw new TargetFailure('not-found', `the copy ${name} is gone`);
  const session = await openSession(claim.place, name, claim.application);
  try {
    await stillNewest(claim);
    const actual = await readFactsNow(session, settings, 'content');
    const proof = proofOf(to.fingerprint, facts, actual);
    if (proof.differences.length === 0) return proof;
    throw new TargetFailure('failed', `the copy ${name} is not what was saved; nothing was exchanged`, {
      evidence: proof.differences
        .map(({ part, actual: now }) => `${part}: ${now ?? 'missing'}`)
        .slice(0, 5)
        .join('\n'),
      notDone: [`exchange of ${claim.place.database}`],
    });
  } finally {
    await session.close();
  }
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
  await claim.maintenance.rows('update savepoint.restores set result = $2 where key = $1', [call.key, restored]);
  return restored;
}
