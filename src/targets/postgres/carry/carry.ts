import { TargetFailure } from '../../../release/failure.ts';
import type { Carried, Carrying, TableLoss } from '../../../release/loss.ts';
import type { Call, Savepoint, Step } from '../../../release/target.ts';
import { literal, openSession, type Session } from '../connection.ts';
import { claimed, stillNewest, usersOf } from '../fence.ts';
import { fixedSettings } from '../fingerprint.ts';
import { begin, ensureCopy, type GoingBack } from '../loss/copies.ts';
import { type Databases, inDatabases } from '../loss/databases.ts';
import { holdInForce, needsHold } from '../loss/held.ts';
import { beginCarrying, endCarrying, readMeasure } from '../loss/record.ts';
import { ensureReference } from '../loss/reference.ts';
import type { PostgresSpec } from '../postgres.schema.ts';
import { inBackground } from '../running.ts';
import type { PostgresState } from '../savepoints.ts';
import { type Carrier, carryAll, rowsFile } from './carrier.ts';
import { filesIn } from './files.ts';
import { carriedOf, remainingOf } from './outcome.ts';
import { planTables, readForeignKeys } from './plans.ts';
import { readSequenceValues } from './rows.ts';
import { silenceTriggers } from './triggers.ts';
import { verifyCarried } from './verify.ts';

/**
 * Saves what users wrote since the savepoint: into the copy that the restore exchanges, or as files that load into the
 * old schema. Either way every row is tried on the copy in one transaction, which is given up at the end where files
 * are wanted, so that it is known which rows fit. Those that do not are filed with their reasons.
 * @throws TargetFailure `refused` while writers are not held, `changed` when they were let in meanwhile
 */
export function carry(
  call: Call<PostgresSpec>,
  since: Savepoint<PostgresState>,
  carrying: Carrying,
): Promise<Step<Carried>> {
  return inBackground({ ...call, key: `${call.key} carry` }, 'preparing to carry rows over', (progress) =>
    claimed(call, progress.signal, (claim) => carryHeld({ call, claim, progress, to: since }, carrying)),
  );
}

/** As `carry`, for whoever has the claim. */
export async function carryHeld(back: GoingBack, carrying: Carrying): Promise<Carried> {
  const { call, claim, to } = back;
  if (to.absent && carrying.into === 'copy') {
    throw new TargetFailure('refused', 'there was no database before, so there is no copy to carry rows into', {
      remedy: 'export the rows instead',
    });
  }
  const hold = await holdInForce(usersOf(claim));
  needsHold(hold, claim.place.database);
  await begin(back);
  const copy = to.absent ? null : (await ensureCopy(back)).name;
  const known = await readMeasure(claim, call.key);
  if (known?.carried != null) {
    if (carrying.into === 'copy') return known.carried;
    throw new TargetFailure('refused', 'the rows are in the copy already; those that did not fit are in files', {
      remedy: `look at ${known.carried.files.join(', ') || 'the result of carrying them over'}`,
    });
  }
  const reference = await ensureReference(back, copy);
  if (carrying.into === 'copy') await beginCarrying(claim, call.key, hold);
  const end = await inDatabases(claim, { copy, reference, key: call.key }, (databases) =>
    inWriter(back, copy, (session) => carryInto({ back, databases, carrying, copy, session, hold })),
  );
  if (carrying.into === 'copy') await endCarrying(claim, call.key, end);
  return end.carried;
}

/** A session of its own that writes to the copy; null where there is none. */
async function inWriter<T>(
  { claim }: GoingBack,
  copy: string | null,
  work: (session: Session | null) => Promise<T>,
): Promise<T> {
  if (copy === null) return work(null);
  const session = await openSession(claim.place, copy, claim.application);
  try {
    await stillNewest(claim);
    return await work(session);
  } finally {
    await session.close();
  }
}

type Into = {
  back: GoingBack;
  databases: Databases;
  carrying: Carrying;
  copy: string | null;
  session: Session | null;
  hold: string;
};

type End = { carried: Carried; remaining: TableLoss[] };

async function carryInto(into: Into): Promise<End> {
  const { back, databases, carrying, copy, session, hold } = into;
  const files = filesIn(back.call, carrying.directory);
  try {
    const reenabled = session === null ? [] : await beginWriting(session);
    const plans = await planTables(databases, carrying, back.to.absent);
    const keys = await readForeignKeys(
      session ?? databases.now.session ?? databases.reference.session ?? back.claim.maintenance,
    );
    const writer = session === null ? null : { session, keys, expected: new Map(), deferred: false };
    const carrier: Carrier = { back, databases, carrying, plans, keys, writer, files, outcomes: new Map() };
    if (carrying.into === 'files') await files.write(rowsFile, headOf(back));
    await carryAll(carrier);
    await carrySequences(carrier);
    for (const statement of reenabled) await session?.run(statement);
    if (copy !== null) await verifyCarried(carrier, copy);
    await needsSameHold(back, hold);
    if (carrying.into === 'files') await files.write(rowsFile, 'commit;\n');
    await session?.run(carrying.into === 'copy' ? 'commit' : 'rollback');
    const carried = carriedOf(carrying.into, carrier.outcomes, await files.finish());
    return { carried, remaining: remainingOf(carrier.outcomes) };
  } catch (error) {
    await files.discard();
    throw error;
  }
}

async function beginWriting(session: Session): Promise<string[]> {
  await session.run('begin');
  for (const setting of fixedSettings) await session.run(setting);
  return silenceTriggers(session);
}

async function needsSameHold({ claim }: GoingBack, hold: string): Promise<void> {
  if ((await holdInForce(usersOf(claim))) === hold) return;
  throw new TargetFailure('changed', `writers of ${claim.place.database} were let in while rows were carried over`, {
    remedy: 'hold the writers and carry over once more; nothing of it was kept',
  });
}

function headOf({ claim, to }: GoingBack): string {
  return `-- Rows of ${claim.place.database} that a restore of the savepoint of ${to.takenAt} would undo.
-- They load into the schema of that savepoint. What did not fit is listed in conflicts.jsonl.
begin;
set local client_encoding to 'UTF8';
set local standard_conforming_strings to on;
set local datestyle to 'ISO, YMD';
set local intervalstyle to 'postgres';
set local timezone to 'UTC';
set local xmloption to 'content';
set constraints all deferred;
`;
}

/** A number that was given out once is not given out again. */
async function carrySequences({ databases, carrying, writer, files }: Carrier): Promise<void> {
  if (databases.now.session === null) return;
  const now = await readSequenceValues(databases.now.session);
  const before = writer === null ? now : await readAll(writer.session);
  for (const { name, last, up } of now) {
    const old = before.find((one) => one.name === name);
    if (old === undefined || (writer !== null && isAhead(old.last, last, up))) continue;
    if (carrying.into === 'copy') await writer?.session.rows('select setval($1::regclass, $2)', [name, last]);
    else await files.write(rowsFile, `select setval(${literal(name)}, ${last});\n`);
  }
}

/** Those that were never used have no value. */
async function readAll(session: Session): Promise<{ name: string; last: string | null }[]> {
  return session.rows(
    `select format('%I.%I', schemaname, sequencename) as name, last_value::text as last from pg_sequences where not cycle`,
  );
}

function isAhead(last: string | null, wanted: string, up: boolean): boolean {
  if (last === null) return false;
  return up ? BigInt(last) >= BigInt(wanted) : BigInt(last) <= BigInt(wanted);
}
