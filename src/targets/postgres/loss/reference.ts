import { TargetFailure } from '../../../release/failure.ts';
import { toolEnvironment } from '../apply.ts';
import { findDatabase, identifier, inTransaction, withSession } from '../connection.ts';
import { copyUnused, dropUnfinished } from '../copy.ts';
import { connectionLost } from '../failures.ts';
import { type Claim, stillNewest, usersOf } from '../fence.ts';
import type { Changing } from '../migrate.ts';
import { readMigrationState } from '../migration-state.ts';
import { referenceName } from '../names.ts';
import type { PostgresChangeSpec } from '../postgres.schema.ts';
import { runMarked } from '../processes.ts';
import { rememberedFacts } from '../savepoints.ts';
import { type PinnedFile, readPinned } from '../sql-files.ts';
import { parseFile } from '../statements.ts';
import { type Applied, theCommand, type WhatRan, whatRan } from './applied.ts';
import { closeCopy, fill, type GoingBack, giveSettings } from './copies.ts';
import { endReference, noteReference, readMeasure } from './record.ts';
import { forgetSums } from './sums.ts';

/**
 * How the database would be without its users.
 *
 * - `database`: where to read that; null: nothing, because there was no database before
 * - `separate`: a database of its own; else the copy itself serves, because nothing was applied or nothing could be
 * - `missing`: why the release's own rows cannot be told apart, null when they can
 */
export type Reference = { database: string | null; separate: boolean; missing: string | null };

/** Kinds of failure after which another attempt would fail the same way. */
const settled = ['failed', 'refused', 'changed', 'not-found', 'invalid-input', 'timed-out', 'permission'];

/**
 * The savepoint with everything that the release applied, in a database of its own. Where that cannot be made, the
 * copy alone is the reference and the release's rows count as rows of users: never too few are told.
 * `copy`: the copy beside, null where there was no database before.
 */
export async function ensureReference(back: GoingBack, copy: string | null): Promise<Reference> {
  const { call, claim } = back;
  const ran = await whatRan(call, claim, copy);
  const missing = ran.doubts.length > 0 ? ran.doubts.join('; ') : null;
  if (ran.applied.length === 0) return { database: copy, separate: false, missing };
  const applied = JSON.stringify(ran.applied);
  const known = await readMeasure(claim, call.key);
  const name = referenceName(claim.place.database, call.release);
  if (known?.applied === applied) {
    if (known.missing !== null) return { database: copy, separate: false, missing: known.missing };
    const there = await findDatabase(claim.maintenance, name);
    if (there !== null && there.oid === known.referenceOid) return { database: name, separate: true, missing };
  }
  const failed = await build(back, { name, copy, ran });
  return failed === null
    ? { database: name, separate: true, missing }
    : { database: copy, separate: false, missing: failed };
}

/** @returns why it could not be built, null when it was */
async function build(
  back: GoingBack,
  how: { name: string; copy: string | null; ran: WhatRan },
): Promise<string | null> {
  const { call, claim, progress } = back;
  await dropReference(claim, call.key);
  if ((await findDatabase(claim.maintenance, how.name)) !== null) {
    throw new TargetFailure('refused', `a database ${how.name} exists already and is not this restore's`, {
      remedy: 'look at it, then rename or drop it',
    });
  }
  await noteReference(claim, call.key, how.name);
  progress.tell(`building ${how.name}`);
  const oid = await makeEmpty(back, how);
  const applied = JSON.stringify(how.ran.applied);
  try {
    for (const one of how.ran.applied) await repeat(back, how.name, one);
    await checkHead(back, how);
    await closeCopy(claim, how.name);
    await endReference(claim, call.key, { oid, applied, missing: null });
    return null;
  } catch (error) {
    progress.signal.throwIfAborted();
    if (!(error instanceof TargetFailure) || !settled.includes(error.kind) || connectionLost(error)) throw error;
    await dropReference(claim, call.key);
    const missing = `the release could not be repeated on a copy of the savepoint (${error.message}), so its own rows count as rows of users`;
    await endReference(claim, call.key, { oid: null, applied, missing });
    return missing;
  }
}

/** As the released database was when its first change began. @returns its oid */
async function makeEmpty(back: GoingBack, { name, copy }: { name: string; copy: string | null }): Promise<string> {
  const { call, claim, to } = back;
  if (to.absent) {
    const owner = call.spec.owner === null ? '' : ` owner ${identifier(call.spec.owner)}`;
    await claim.maintenance.run(`create database ${identifier(name)}${owner}`);
    return (await findDatabase(claim.maintenance, name))?.oid ?? '';
  }
  const facts = await rememberedFacts(claim.maintenance, to);
  const untouched = (await readMeasure(claim, call.key))?.hold === null;
  const fromCopy = to.state.by === 'dump' && copy !== null && untouched;
  const oid = fromCopy ? await copyUnused(claim, copy, name) : await fill(back, facts, name);
  await giveSettings(claim, name, facts);
  return oid;
}

async function repeat(back: GoingBack, name: string, one: Applied): Promise<void> {
  const { call, progress } = back;
  const spec = call.spec[one.change];
  if (spec === null) throw new TargetFailure('not-found', `the plan does not say how to ${one.change}`);
  progress.signal.throwIfAborted();
  progress.tell(`${name}: ${one.change} ${one.name}`);
  const files = await readPinned(call, one.change, spec);
  if (one.name === theCommand) return runCommand(back, { name, spec, one });
  const file = files.find((each) => each.name === one.name && each.sha256 === one.sha256);
  if (file === undefined) throw new TargetFailure('not-found', `${one.name}, as it was applied, is not in the plan`);
  await runFile(back.claim, name, { file, spec });
}

/** As the release ran it, without the record. */
async function runFile(
  claim: Claim,
  name: string,
  { file, spec }: { file: PinnedFile; spec: PostgresChangeSpec },
): Promise<void> {
  const sql = await parseFile(file.name, file.bytes);
  await withSession({ place: claim.place, database: name, application: claim.application }, async (session) => {
    await stillNewest(claim);
    await session.run(`set lock_timeout to ${Math.ceil(spec.lockTimeout)}`);
    const all = async () => {
      for (const statement of sql.statements) await session.run(statement.text);
    };
    await (sql.transactional ? inTransaction(session, all) : all());
  });
}

async function runCommand(
  back: GoingBack,
  { name, spec, one }: { name: string; spec: PostgresChangeSpec; one: Applied },
): Promise<void> {
  const { call, claim, progress } = back;
  const argv = spec.command ?? [];
  if (spec.runner !== undefined) {
    throw new TargetFailure('refused', `what runs for ${one.change} finds its database by itself`);
  }
  const elsewhere = namesOriginal(spec, claim.place.database);
  if (elsewhere !== null) {
    throw new TargetFailure('refused', `the command of ${one.change} names its database itself, in ${elsewhere}`);
  }
  const there: Claim = { ...claim, place: { ...claim.place, database: name } };
  const changing: Changing = { call, claim: there, progress, change: one.change, spec, version: one.version };
  const reaching = toolEnvironment({ ...changing, spec: { ...spec, env: {} } });
  const env = { ...spec.env, ...reaching };
  const ended = await runMarked(call, { argv, env, timeoutMs: spec.timeout }, progress.signal);
  if (ended.exitCode === 0) return;
  throw new TargetFailure('failed', `the command of ${one.change} ended with ${ended.exitCode ?? ended.signal}`);
}

/** A command that does not go by DATABASE_URL or PG* would change the released database a second time. */
function namesOriginal(spec: PostgresChangeSpec, database: string): string | null {
  const encoded = encodeURIComponent(database).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const inUrl = new RegExp(`/${encoded}($|[?#\\s'"])`);
  const names = (value: string) => value === database || inUrl.test(value);
  const variable = Object.entries(spec.env).find(
    ([key, value]) => !/^(DATABASE_URL|PG[A-Z]+)$/.test(key) && names(value),
  );
  if (variable !== undefined) return `the variable ${variable[0]}`;
  return spec.command?.some(names) === true ? 'its arguments' : null;
}

/** Did a command that was pointed at the reference really migrate it? */
async function checkHead({ claim }: GoingBack, { name, ran }: { name: string; ran: WhatRan }): Promise<void> {
  if (!ran.applied.some((one) => one.name === theCommand)) return;
  const { place, application } = claim;
  const now = usersOf(claim);
  const wanted = await withSession({ ...now, database: now.place.database }, readMigrationState);
  const reached = await withSession({ place, database: name, application }, readMigrationState);
  // The reference has no record of Savepoint's own, so only where nothing but tools wrote records do heads compare.
  if (ran.applied.some((one) => one.name !== theCommand) || wanted.head === reached.head) return;
  throw new TargetFailure('failed', `a command left the copy ${reached.detail}, and the database is ${wanted.detail}`);
}

/** Only what the record says was made for this restore. */
export async function dropReference(claim: Claim, key: string): Promise<void> {
  const row = await readMeasure(claim, key);
  if (row?.reference == null) return;
  const there = await findDatabase(claim.maintenance, row.reference);
  if (there !== null && (row.referenceOid === null || row.referenceOid === there.oid)) {
    await forgetSums(claim.maintenance, key, there.oid);
    await dropUnfinished(claim, row.reference);
  }
  await noteReference(claim, key, null);
}
