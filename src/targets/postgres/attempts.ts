import type { Json } from '../../release/json.ts';
import type { Call } from '../../release/target.ts';
import type { Claim } from './fence.ts';
import type { PostgresSpec } from './postgres.schema.ts';

/** The statement that ran last outside a transaction, or the command: what a lost attempt may have left half done. */
export type Position = { file: string; statement: number; of: number; line: number; over: boolean };

/**
 * How far a change got.
 *
 * - `risky`: a command, or a statement outside a transaction, was begun: only a look at every row tells what it did
 * - `position`: of the one that no record in the database tells of yet, null when there is none
 */
export type Attempt = { state: 'running' | 'done' | 'failed'; risky: boolean; position: Position | null; result: Json };

export async function readAttempt(claim: Claim, key: string): Promise<Attempt | null> {
  const [row] = await claim.maintenance.rows<Attempt>(
    'select state, risky, position, result from savepoint.attempts where key = $1',
    [key],
  );
  return row ?? null;
}

/** `clean`: the database was found as it was before, so what an earlier attempt did no longer counts. */
export async function beginAttempt(
  claim: Claim,
  call: Call<PostgresSpec>,
  attempt: { change: string; clean: boolean; version: string },
): Promise<void> {
  await claim.maintenance.rows(
    `insert into savepoint.attempts (key, database, release, change, fence, state, version) values ($1, $2, $3, $4, $5, 'running', $7)
     on conflict (key) do update set fence = excluded.fence, state = 'running', position = null,
       version = excluded.version, risky = attempts.risky and not $6`,
    [call.key, claim.place.database, call.release, attempt.change, call.fence, attempt.clean, attempt.version],
  );
}

/** From here on the record in the database tells what happened. */
export async function forgetPosition(claim: Claim, key: string): Promise<void> {
  await claim.maintenance.rows('update savepoint.attempts set position = null where key = $1', [key]);
}

/** Written before each step that no transaction protects, and after it. */
export async function notePosition(claim: Claim, key: string, position: Position): Promise<void> {
  await claim.maintenance.rows('update savepoint.attempts set risky = true, position = $2 where key = $1', [
    key,
    position,
  ]);
}

export async function endAttempt(claim: Claim, key: string, state: 'done' | 'failed', result: Json): Promise<void> {
  await claim.maintenance.rows('update savepoint.attempts set state = $2, result = $3 where key = $1', [
    key,
    state,
    JSON.stringify(result),
  ]);
}

/** Did a release do something to the database that only a look at every row can judge? */
export async function wasRisky(claim: Pick<Claim, 'maintenance' | 'place'>, release: string): Promise<boolean> {
  const [row] = await claim.maintenance.rows<{ risky: boolean }>(
    `select coalesce(bool_or(risky), false) as risky from savepoint.attempts where database = $1 and release = $2`,
    [claim.place.database, release],
  );
  return row?.risky === true;
}
