import type { Call } from '../../release/target.ts';
import { endAll, findMarked, type Markers } from '../shell/processes.ts';
import { type Ran, runCommand } from '../shell/run.ts';
import { placeOf } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';

const graceMs = 2_000;

/** Server and database by which a command is found again, also after it left its process group. */
function scope(call: Call<PostgresSpec>): Markers {
  const place = placeOf(call.spec);
  return { SAVEPOINT_POSTGRES: `${new URL(place.url).host}/${place.database}` };
}

/** Variables that tell a command, and whoever finds it later, for whom it runs. */
function markers(call: Call<PostgresSpec>): Markers {
  return {
    ...scope(call),
    SAVEPOINT_APPLICATION: call.application,
    SAVEPOINT_ENVIRONMENT: call.environment,
    SAVEPOINT_RELEASE: call.release,
    SAVEPOINT_TARGET: call.target,
    SAVEPOINT_KEY: call.key,
    SAVEPOINT_FENCE: String(call.fence),
  };
}

/**
 * Ends commands that earlier attempts left on this host, with their children, and sees them gone.
 * @returns how many there were
 */
export async function endProcessGroups(call: Call<PostgresSpec>): Promise<number> {
  const { migrate, seed, savepoint } = call.spec;
  const startsPrograms = savepoint.by === 'dump' || migrate?.command != null || seed?.command != null;
  // Finding processes needs Linux; a plan that starts none works anywhere.
  if (!startsPrograms && process.platform !== 'linux') return 0;
  const find = async () => {
    const found = await findMarked(scope(call));
    return found.filter((one) => Number(one.markers.SAVEPOINT_FENCE) < call.fence);
  };
  const found = await find();
  if (found.length > 0) await endAll(find, graceMs);
  return found.length;
}

/**
 * Runs a command of this attempt and waits until it and everything that it started are gone.
 * @throws TargetFailure `not-found` when there is no such program, `signal.reason` when it was ended
 */
export async function runMarked(
  call: Call<PostgresSpec>,
  command: { argv: string[]; env: Record<string, string>; timeoutMs?: number },
  signal: AbortSignal,
): Promise<Ran> {
  try {
    return await runCommand({
      command: command.argv,
      cwd: call.home,
      env: { ...command.env, ...markers(call) },
      timeoutMs: command.timeoutMs ?? 2 ** 31 - 1,
      signal,
    });
  } finally {
    const mine = { ...scope(call), SAVEPOINT_FENCE: String(call.fence) };
    await endAll(() => findMarked(mine), graceMs);
  }
}
