import { rm } from 'node:fs/promises';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Call, Kept, Step } from '../../release/target.ts';
import { identifier, type Session } from './connection.ts';
import { sqlState } from './failures.ts';
import { betweenVerbs } from './fence.ts';
import { dumpPath, kept } from './kept.ts';
import { openAnywhere, openMaintenanceIfThere } from './maintenance.ts';
import { applicationName, placeOf } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';

/**
 * Removes one thing that `kept` lists, for good. It claims no fence, so that no attempt of a release is ended by it.
 * @throws TargetFailure `not-found` for any other name, `refused` while somebody is in it, `busy` while a verb works
 */
export async function discard(call: Call<PostgresSpec>, name: string): Promise<Step<Json>> {
  call.signal.throwIfAborted();
  const place = placeOf(call.spec);
  const application = applicationName(call);
  const maintenance = await openMaintenanceIfThere(place, application);
  // Without its own database no verb can be at work.
  const session = maintenance ?? (await openAnywhere(place, application));
  try {
    const remove = () => removeListed(call, session, name);
    const removed = await (maintenance === null ? remove() : betweenVerbs(maintenance, place, remove));
    return { state: 'done', value: { ...removed } };
  } finally {
    await session.close();
  }
}

async function removeListed(call: Call<PostgresSpec>, session: Session, name: string): Promise<Kept> {
  const listed = await kept(call);
  const found = listed.find((one) => one.name === name);
  if (found === undefined) {
    throw new TargetFailure('not-found', `${name} is nothing that releases of ${call.target} left behind`, {
      remedy: 'savepoint superseded list shows what there is; nothing else is ever discarded',
    });
  }
  if (found.obstacle !== null) throw new TargetFailure('refused', `${name} is not discarded: ${found.obstacle}`);
  if (name.endsWith('.dump')) await rm(dumpPath(call, name));
  else await drop(session, name);
  return found;
}

/** Without FORCE: whoever came in since it was listed keeps it. */
async function drop(session: Session, name: string): Promise<void> {
  await session.run(`drop database ${identifier(name)}`).catch((error: unknown) => {
    if (sqlState(error) !== '55006') throw error;
    throw new TargetFailure('refused', `${name} is not discarded: somebody has just come into it`, {}, error);
  });
}
