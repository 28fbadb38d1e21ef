import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Call } from '../../release/target.ts';
import { forgetPosition, notePosition } from './attempts.ts';
import { inTransaction, type Session, withSession } from './connection.ts';
import { connectionLost, errorPosition, sqlState } from './failures.ts';
import { type Claim, stillNewest } from './fence.ts';
import { ownTable } from './migration-state.ts';
import { ownSchema } from './names.ts';
import type { PostgresChangeSpec, PostgresSpec } from './postgres.schema.ts';
import type { Progress } from './running.ts';
import type { PinnedFile, PostgresChange } from './sql-files.ts';
import { parseFile, type SqlFile, type Statement } from './statements.ts';

/** One change of one attempt. */
export type Changing = {
  call: Call<PostgresSpec>;
  claim: Claim;
  progress: Progress;
  change: PostgresChange;
  spec: PostgresChangeSpec;
  version: string;
};

const bookkeeping = `
  create schema if not exists ${ownSchema};
  create table if not exists ${ownTable} (
    kind text not null, scope text not null, name text not null, sha256 text not null, release text not null,
    version text not null, applied_at timestamptz not null default clock_timestamp(), primary key (kind, scope, name));
`;

/**
 * A migration is run once per database and never edited. A seed is run once as it is: an edited one is another seed,
 * and one that stayed when the code went back is not added a second time by the next attempt.
 */
function scopeOf({ change }: Changing, sha256: string): string {
  return change === 'migrate' ? '' : sha256;
}

function inDatabase<T>({ claim, spec }: Changing, work: (session: Session) => Promise<T>): Promise<T> {
  const { place, application } = claim;
  return withSession({ place, database: place.database, application }, async (session) => {
    await stillNewest(claim);
    await session.run(`set lock_timeout to ${Math.ceil(spec.lockTimeout)}`);
    return work(session);
  });
}

type Recorded = { name: string; sha256: string; release: string };

/** This change's record in the database, oldest first; it is made where there is none. */
function recordedBefore(changing: Changing): Promise<Recorded[]> {
  return inDatabase(changing, async (session) => {
    const [there] = await session.rows<{ there: boolean }>(`select to_regclass('${ownTable}') is not null as there`);
    if (there?.there !== true) await inTransaction(session, () => session.run(bookkeeping));
    return session.rows<Recorded>(`select name, sha256, release from ${ownTable} where kind = $1 order by applied_at`, [
      changing.change,
    ]);
  });
}

/** Names of the files that this release applied, in whichever attempt. */
export async function appliedByRelease(changing: Changing): Promise<Set<string>> {
  const recorded = await recordedBefore(changing);
  return new Set(recorded.filter(({ release }) => release === changing.call.release).map(({ name }) => name));
}

/**
 * Runs the files that are not recorded yet, one after the other. Everything is parsed before anything runs.
 * @throws TargetFailure `invalid-input` for a file that is no SQL, `changed` for one that was edited after it was
 *   applied, `failed` with what was done and what was not
 */
export async function runFiles(changing: Changing, pinned: PinnedFile[]): Promise<Json> {
  const parsed = new Map<string, SqlFile>();
  for (const file of pinned) parsed.set(file.name, await parseFile(file.name, file.bytes));
  const before = new Map((await recordedBefore(changing)).map(({ name, sha256 }) => [name, sha256]));
  const edited = pinned.filter((file) => (before.get(file.name) ?? file.sha256) !== file.sha256);
  if (changing.change === 'migrate' && edited.length > 0) {
    throw new TargetFailure(
      'changed',
      `edited after they were applied: ${edited.map((file) => file.name).join(', ')}`,
      {
        remedy: 'put the old content back and write what is new into a new file',
      },
    );
  }
  const waiting = pinned.filter((file) => before.get(file.name) !== file.sha256);
  const done: string[] = [];
  for (const file of waiting) {
    const sql = parsed.get(file.name);
    if (sql === undefined) continue;
    changing.progress.signal.throwIfAborted();
    changing.progress.tell(`${changing.change}: ${file.name}, ${done.length + 1} of ${waiting.length}`);
    const rest = waiting.slice(done.length + 1).map((later) => later.name);
    await runFile(changing, { sql, sha256: file.sha256, done: [...done], rest });
    done.push(file.name);
  }
  const changed = (await appliedByRelease(changing)).size > 0;
  return { applied: done, recordedBefore: pinned.length - waiting.length, changed };
}

type FileRun = { sql: SqlFile; sha256: string; done: string[]; rest: string[] };

async function runFile(changing: Changing, run: FileRun): Promise<void> {
  await inDatabase(changing, (session) =>
    run.sql.transactional ? runTogether(changing, session, run) : runOneByOne(changing, session, run),
  );
}

/** The file and the record of it are one transaction: afterwards both are there, or neither. */
function runTogether(changing: Changing, session: Session, run: FileRun): Promise<void> {
  return inTransaction(session, async () => {
    for (const [index, statement] of run.sql.statements.entries()) {
      await session.run(statement.text).catch((error: unknown) => {
        throw explained(error, { run, statement, index });
      });
    }
    await record(changing, session, run);
  });
}

async function runOneByOne(changing: Changing, session: Session, run: FileRun): Promise<void> {
  const { claim, call } = changing;
  const of = run.sql.statements.length;
  for (const [index, statement] of run.sql.statements.entries()) {
    const position = { file: run.sql.name, statement: index + 1, of, line: statement.line, over: false };
    changing.progress.signal.throwIfAborted();
    await notePosition(claim, call.key, position);
    await session.run(statement.text).catch((error: unknown) => {
      throw explained(error, { run, statement, index });
    });
    await notePosition(claim, call.key, { ...position, over: true });
  }
  await record(changing, session, run);
  await forgetPosition(claim, call.key);
}

async function record(changing: Changing, session: Session, run: FileRun): Promise<void> {
  // A file may have become another role.
  await session.run('reset session authorization');
  await session.run('reset role');
  await session.rows(
    `insert into ${ownTable} (kind, scope, name, sha256, release, version) values ($1, $2, $3, $4, $5, $6)
     on conflict (kind, scope, name) do update
       set release = excluded.release, version = excluded.version, applied_at = excluded.applied_at`,
    [changing.change, scopeOf(changing, run.sha256), run.sql.name, run.sha256, changing.call.release, changing.version],
  );
}

/** Names file, line and statement, and what of the file stays. A lost session is found out about by the next attempt. */
function explained(error: unknown, at: { run: FileRun; statement: Statement; index: number }): unknown {
  if (!(error instanceof TargetFailure) || connectionLost(error)) return error;
  const { sql, done, rest } = at.run;
  const stays = sql.transactional
    ? []
    : sql.statements.slice(0, at.index).map((_, index) => `${sql.name}, statement ${index + 1}`);
  const gone = sql.transactional
    ? [sql.name]
    : sql.statements.slice(at.index).map((_, index) => `${sql.name}, statement ${at.index + index + 1}`);
  const position = errorPosition(error);
  const line = at.statement.line + (position === null ? 0 : linesBefore(at.statement.text, position));
  return new TargetFailure(
    sqlState(error) === '57014' ? 'timed-out' : 'failed',
    `${sql.name}, line ${line}, statement ${at.index + 1} of ${sql.statements.length}: ${serverMessage(error)}`,
    {
      ...error.details,
      done: [...done, ...stays],
      notDone: [...gone, ...rest],
      evidence: at.statement.text.slice(0, 300),
    },
    error.cause,
  );
}

/** The position counts characters from 1. */
function linesBefore(text: string, position: number): number {
  return [...text].slice(0, position - 1).filter((character) => character === '\n').length;
}

function serverMessage(error: TargetFailure): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
