import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Call, Step } from '../../release/target.ts';
import { type Attempt, beginAttempt, endAttempt, notePosition, readAttempt } from './attempts.ts';
import { standing } from './compare.ts';
import { findDatabase, identifier } from './connection.ts';
import { connectionLost, sqlState } from './failures.ts';
import { claimed } from './fence.ts';
import { appliedByRelease, type Changing, runFiles } from './migrate.ts';
import { urlOf } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { runMarked } from './processes.ts';
import { inBackground, type Progress } from './running.ts';
import { savepointOfRelease } from './savepoints.ts';
import { type PinnedFile, type PostgresChange, readPinned } from './sql-files.ts';

/**
 * Migrates or seeds. Tried once: what a lost attempt left running is ended first, and then the database says whether
 * to go on.
 * @throws TargetFailure `changed`, `failed`, `timed-out`, or `unknown` when nobody can tell what happened
 */
export async function apply(call: Call<PostgresSpec>, change: PostgresChange, version: string): Promise<Step<Json>> {
  const spec = call.spec[change];
  if (spec === null) throw new TargetFailure('invalid-input', `the plan does not say how to ${change}`);
  return inBackground(call, `beginning to ${change}`, (progress) =>
    withDeadline(progress, spec.timeout, (limited) =>
      claimed(call, limited.signal, (claim) => carryOut({ call, claim, progress: limited, change, spec, version })),
    ),
  );
}

async function withDeadline<T>(
  progress: Progress,
  timeoutMs: number,
  work: (limited: Progress) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new TargetFailure('timed-out', `not finished within ${timeoutMs} ms; it was ended on the server`));
  }, timeoutMs);
  try {
    return await work({ ...progress, signal: AbortSignal.any([progress.signal, deadline.signal]) });
  } finally {
    clearTimeout(timer);
  }
}

async function carryOut(changing: Changing): Promise<Json> {
  const { call, claim, change, spec } = changing;
  const before = await readAttempt(claim, call.key);
  if (before?.state === 'done') return before.result;
  const files = await readPinned(call, change, spec);
  const clean = before?.position == null ? false : await mayBeginAgain(changing, before);
  await beginAttempt(claim, call, { change, clean, version: changing.version });
  await createWhereAbsent(changing);
  try {
    const result =
      spec.command === null ? await runFiles(changing, files) : await runTool(changing, spec.command, files);
    await endAttempt(claim, call.key, 'done', withoutOutput(result));
    return result;
  } catch (error) {
    // After a lost session or an abort the record stays `running`, which is the truth.
    if (!connectionLost(error)) await endAttempt(claim, call.key, 'failed', null).catch(() => undefined);
    throw error;
  }
}

/** What a program prints may hold secrets that only the caller knows, so it is not kept in the database. */
function withoutOutput(result: Json): Json {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return result;
  return Object.fromEntries(Object.entries(result).filter(([key]) => key !== 'output'));
}

/**
 * An interrupted command or statement outside a transaction is begun again only where nothing of it is left.
 * @returns whether the database is as it was before the release touched it
 */
async function mayBeginAgain(changing: Changing, before: Attempt): Promise<boolean> {
  const { call, claim, change, spec } = changing;
  const at = before.position;
  if (spec.command !== null && spec.repeatable) return false;
  // The crash came between the record in the database and the note about it.
  const recorded = spec.command === null && at?.over === true && (await appliedByRelease(changing)).has(at.file);
  if (recorded) return false;
  const saved = await savepointOfRelease(claim.maintenance, claim.place.database, call.release);
  const now = saved?.savepoint == null ? null : await standing(claim, call.release, saved.savepoint);
  if (now?.state === 'equal') return true;
  const where =
    at === null || at.of === 0 ? `the command of ${change}` : `${at.file}, statement ${at.statement}, line ${at.line}`;
  const what = before.state === 'failed' ? 'failed' : 'was interrupted';
  const kind = now?.state === 'differs' ? 'failed' : 'unknown';
  throw new TargetFailure(kind, `an earlier attempt ${what} at ${where}, and the database is not as it was before`, {
    remedy: 'restore the savepoint; nothing is run a second time on top of what is there',
    evidence: now?.detail ?? 'there is no savepoint to compare with',
    ...doneAndNot(before),
  });
}

/** A statement that was interrupted is in neither list: nobody knows. */
function doneAndNot({ position: at, state }: Attempt): { done?: string[]; notDone?: string[] } {
  if (at === null || at.of === 0) return {};
  const names = Array.from({ length: at.of }, (_, index) => `${at.file}, statement ${index + 1}`);
  const finished = at.over ? at.statement : at.statement - 1;
  const unknown = at.over || state === 'failed' ? 0 : 1;
  return { done: names.slice(0, finished), notDone: names.slice(finished + unknown) };
}

/** First release: the database is made, empty, before its first migration. */
async function createWhereAbsent({ call, claim, progress }: Changing): Promise<void> {
  const { maintenance, place } = claim;
  if ((await findDatabase(maintenance, place.database)) !== null) return;
  progress.tell(`creating ${place.database}`);
  const owner = call.spec.owner === null ? '' : ` owner ${identifier(call.spec.owner)}`;
  await maintenance.run(`create database ${identifier(place.database)}${owner}`).catch((error: unknown) => {
    if (sqlState(error) !== '42P04') throw error;
  });
}

/** How the user's tool reaches the database. Its sessions are known by their application name. */
export function toolEnvironment({ call, claim, spec, version }: Changing): Record<string, string> {
  const url = urlOf(claim.place, claim.place.database);
  const env: Record<string, string> = {
    PGHOST: url.hostname,
    PGPORT: url.port === '' ? '5432' : url.port,
    PGUSER: decodeURIComponent(url.username),
    PGDATABASE: claim.place.database,
    PGAPPNAME: claim.application,
    SAVEPOINT_VERSION: version,
  };
  if (url.password !== '') env.PGPASSWORD = decodeURIComponent(url.password);
  url.searchParams.set('application_name', claim.application);
  return { ...env, DATABASE_URL: url.href, ...spec.env, SAVEPOINT_RELEASE: call.release };
}

async function runTool(changing: Changing, argv: string[], files: PinnedFile[]): Promise<Json> {
  const { call, claim, progress, spec, change } = changing;
  // Arguments may hold secrets.
  const program = argv[0] ?? change;
  progress.tell(`${change}: ${program}`);
  await notePosition(claim, call.key, { file: program, statement: 1, of: 0, line: 0, over: false });
  const env = toolEnvironment(changing);
  const order = { argv, env, timeoutMs: spec.timeout };
  const result = await (spec.runner?.(order, progress.signal) ?? runMarked(call, order, progress.signal));
  // Secrets in it are covered where it leaves the activity, by who knows all of them.
  const output = result.output.trim().split('\n').slice(-12).join('\n');
  if (result.exitCode === 0) return { command: program, pinned: files.length, output };
  throw new TargetFailure('failed', `${argv.join(' ')} ended with ${result.exitCode ?? result.signal}`, {
    evidence: output,
    remedy: 'whether something of it is left is found out by comparing with the savepoint',
  });
}
