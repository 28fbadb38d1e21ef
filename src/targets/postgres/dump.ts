import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, rename } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import { findDatabase, identifier, inTransaction, literal, openSession, withSession } from './connection.ts';
import { type Claim, stillNewest } from './fence.ts';
import { type Facts, readFacts } from './fingerprint.ts';
import { copyName } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { runMarked } from './processes.ts';
import type { PostgresState } from './savepoints.ts';
import type { DatabaseSettings } from './settings.ts';
import { findTools, majorVersion, reach } from './tools.ts';

/** `file`: relative to the plan's directory. */
export type Dumped = { file: string; sha256: string; facts: Facts };

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function runTool(
  call: Call<PostgresSpec>,
  claim: Claim,
  run: { argv: string[]; database: string; signal: AbortSignal },
) {
  const { url, env } = reach(claim.place, run.database, claim.application);
  const argv = [...run.argv, '--no-password', `--dbname=${url}`];
  const result = await runMarked(call, { argv, env }, run.signal);
  if (result.exitCode === 0) return;
  const program = run.argv[0]?.split('/').at(-1);
  throw new TargetFailure('failed', `${program} ended with ${result.exitCode ?? result.signal}`, {
    evidence: result.output.trim().split('\n').slice(-5).join('\n'),
  });
}

/**
 * Dumps the database while it is in use. The fingerprint is read in the very snapshot that pg_dump writes.
 * @throws TargetFailure `not-found` without a fitting pg_dump, `failed` when it does not succeed
 */
export async function dumpOriginal(
  call: Call<PostgresSpec>,
  claim: Claim,
  how: { settings: DatabaseSettings; signal: AbortSignal; tell(detail: string): void },
): Promise<Dumped> {
  const { database } = claim.place;
  const tools = await findTools(call, await majorVersion(claim.maintenance));
  const path = resolve(call.home, call.spec.savepoint.directory, `${copyName(database, call.release)}.dump`);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const partial = join(dirname(path), `.${call.fence}.partial`);
  const session = await openSession(claim.place, database, claim.application);
  try {
    await stillNewest(claim);
    const readAndDump = async (): Promise<Facts> => {
      const [exported] = await session.rows<{ snapshot: string }>('select pg_export_snapshot() as snapshot');
      how.tell(`fingerprinting ${database}`);
      const facts = await readFacts(session, how.settings, 'content');
      how.tell(`dumping ${database}`);
      const argv = [tools.dump, '--format=custom', `--snapshot=${exported?.snapshot}`, `--file=${partial}`];
      await runTool(call, claim, { argv, database, signal: how.signal });
      return facts;
    };
    const facts = await inTransaction(session, readAndDump, 'isolation level repeatable read read only');
    await chmod(partial, 0o600);
    const sha256 = await fileHash(partial);
    await stillNewest(claim);
    await rename(partial, path);
    return { file: relative(call.home, path), sha256, facts };
  } finally {
    await session.close();
  }
}

/**
 * Reads a dump into a new database.
 * @returns the new database's oid
 * @throws TargetFailure `changed` when the file is no longer the one that was written, `failed`
 */
export async function restoreDump(
  call: Call<PostgresSpec>,
  claim: Claim,
  from: { state: PostgresState; facts: Facts; name: string; signal: AbortSignal },
): Promise<string> {
  const path = resolve(call.home, from.state.file ?? '');
  const actual = await fileHash(path).catch(() => null);
  if (actual !== from.state.sha256) {
    const what = actual === null ? 'is missing' : 'is no longer what was written';
    throw new TargetFailure('changed', `the dump ${from.state.file} ${what}`, {
      remedy: 'bring the file back from a backup',
    });
  }
  const tools = await findTools(call, await majorVersion(claim.maintenance));
  const { encoding, collate, ctype } = from.facts.settings;
  const locale = `encoding ${literal(encoding)} lc_collate ${literal(collate)} lc_ctype ${literal(ctype)}`;
  await claim.maintenance.run(`create database ${identifier(from.name)} template template0 ${locale}`);
  const argv = [tools.restore, '--exit-on-error', '--jobs=2', path];
  await runTool(call, claim, { argv, database: from.name, signal: from.signal });
  // A copy on the server keeps the planner's statistics, a dump does not.
  const where = { place: claim.place, database: from.name, application: claim.application };
  await withSession(where, (session) => session.run('analyze'));
  const made = await findDatabase(claim.maintenance, from.name);
  return made?.oid ?? '';
}
