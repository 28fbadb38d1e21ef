import { TargetFailure } from '../../release/failure.ts';
import type { Call, Savepoint, Step } from '../../release/target.ts';
import { type Claim, claimed } from '../postgres/fence.ts';
import type { GoingBack } from '../postgres/loss/copies.ts';
import type { PostgresSpec } from '../postgres/postgres.schema.ts';
import { inBackground, isRunning } from '../postgres/running.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import type { Instance } from './instances.ts';
import { databaseCall } from './place.ts';
import { asDatabaseSavepoint, type RdsState } from './state.ts';

/** One attempt on the way back: `back` works on the restored instance; `users` is null where the running one is dead. */
export type Apart = {
  call: Call<AwsRdsSpec>;
  to: Savepoint<RdsState>;
  restored: Instance;
  back: GoingBack;
  users: Claim | null;
};

/** `part`: of the verb, so that several have a place each · `alone`: the running instance need not answer. */
export type Part = { part: string; detail: string; alone?: boolean };

function named(call: Call<AwsRdsSpec>, { part }: Part): Call<PostgresSpec> {
  return { ...databaseCall(call), key: `${call.key} ${part}` };
}

/** While this attempt works on the databases, AWS need not be asked anything. */
export function isWorking(call: Call<AwsRdsSpec>, part: Part): boolean {
  return isRunning(named(call, part));
}

/**
 * Works on the restored instance, with the fences of both: the copies are there, the users are on the running one. Called
 * again by the same attempt it finds what it began, whatever `restored` says then.
 */
export function onRestored<T>(
  on: { call: Call<AwsRdsSpec>; to: Savepoint<RdsState>; restored: Instance | null },
  part: Part,
  work: (apart: Apart) => Promise<T>,
): Promise<Step<T>> {
  const { call, to, restored } = on;
  const database = named(call, part);
  return inBackground(database, part.detail, (progress) => {
    if (restored?.endpoint == null) throw new TargetFailure('busy', 'the restored instance has no endpoint yet');
    const there = databaseCall(call, restored.endpoint);
    return withUsers(database, { mayBeDead: part.alone === true, signal: progress.signal }, (users) =>
      claimed(there, progress.signal, (claim) => {
        const back = {
          call: there,
          claim: users === null ? claim : { ...claim, users },
          progress,
          to: asDatabaseSavepoint(to),
        };
        return work({ call, to, restored, back, users });
      }),
    );
  });
}

/** The instance that is to be replaced may be the very thing that broke. */
async function withUsers<T>(
  database: Call<PostgresSpec>,
  { mayBeDead, signal }: { mayBeDead: boolean; signal: AbortSignal },
  work: (users: Claim | null) => Promise<T>,
): Promise<T> {
  let entered = false;
  try {
    return await claimed(database, signal, (users) => {
      entered = true;
      return work(users);
    });
  } catch (error) {
    const unreachable = error instanceof TargetFailure && error.kind === 'unreachable';
    if (entered || !mayBeDead || !unreachable || signal.aborted) throw error;
    return await work(null);
  }
}
