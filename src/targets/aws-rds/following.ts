import { ownerTags, tagsOf } from '../../aws/owner.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Call, Restored, Savepoint, Step } from '../../release/target.ts';
import type { Session } from '../postgres/connection.ts';
import { claimed } from '../postgres/fence.ts';
import { readMeasure } from '../postgres/loss/record.ts';
import { openMaintenanceIfThere } from '../postgres/maintenance.ts';
import { applicationName, placeOf } from '../postgres/names.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { isSettled } from './instances.ts';
import type { Sight } from './look.ts';
import { databaseCall } from './place.ts';
import { downtimeMs, type Exchange, forgetExchange, noteResult, readExchange } from './records.ts';
import { ownTags } from './requests.ts';
import { addTags } from './settling.ts';
import type { RdsState } from './state.ts';

const anxiousMs = 1_000;

type Rds = Call<AwsRdsSpec>;

function working<T>(detail: string): Step<T> {
  return { state: 'working', detail, lookAgainMs: anxiousMs };
}

/**
 * The restored instance has the name. Waits until both are available and until `url` really leads to the restored one: a
 * name is looked up in caches on the way, and RDS makes a new one known minutes later (RDS guide, "Renaming a DB
 * instance"). Whoever answers is asked for what only the restored instance remembers.
 */
export async function follow(call: Rds, to: Savepoint<RdsState>, sight: Sight): Promise<Step<Restored>> {
  const { restored, replaced } = sight;
  if (restored === null) throw new TargetFailure('unknown', 'the restored instance cannot be found any more');
  if (!isSettled(restored)) return working(`${restored.id} is ${restored.status}`);
  const seen = await through(call, (session) => readExchange(session, call.key));
  if (seen instanceof TargetFailure) return working(`${restored.id} does not answer yet: ${seen.message}`);
  if (seen === null) return working(`the address in url does not lead to the restored ${restored.id} yet`);
  if (seen.result !== null) return await again(call, sight, seen.result);
  if (replaced !== null && !isSettled(replaced)) return working(`${replaced.id} is ${replaced.status}`);
  return await finish(call, to, { sight, seen });
}

/** Asks whoever `url` leads to, if anybody. */
async function through<T>(call: Rds, ask: (session: Session) => Promise<T | null>): Promise<T | null | TargetFailure> {
  const place = placeOf(databaseCall(call).spec);
  try {
    const session = await openMaintenanceIfThere(place, applicationName(call));
    if (session === null) return null;
    try {
      return await ask(session);
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof TargetFailure) return error;
    throw error;
  }
}

type Finishing = { sight: Sight; seen: Exchange };

async function finish(call: Rds, to: Savepoint<RdsState>, { sight, seen }: Finishing): Promise<Step<Restored>> {
  const { replaced, restored: named } = sight;
  // From here on it is the one that users have, and nothing that could be discarded.
  if (named !== null && named.tags[ownTags.role] === 'beside')
    await addTags(call, named, { [ownTags.role]: 'restored' });
  if (replaced !== null && replaced.tags[ownTags.role] !== 'superseded') {
    const since = new Date().toISOString();
    await addTags(call, replaced, { ...tagsOf(call), [ownTags.role]: 'superseded', [ownTags.begun]: since });
  }
  const value = await claimed(databaseCall(call), call.signal, async ({ maintenance, place, application, fence }) => {
    const measure = await readMeasure({ maintenance, place }, call.key);
    const carried = measure?.carried?.into === 'copy' ? measure.carried.carried : 0;
    const restored: Restored = {
      proof: seen.proof ?? { level: 'unproved', parts: [], differences: [] },
      downtimeMs: await downtimeMs(maintenance, call.key),
      kept: replaced?.id ?? null,
      detail: inWords(to, { sight, seen }, carried),
    };
    call.log.info('restored', { application, fence, instance: call.spec.instance });
    await noteResult(maintenance, call.key, restored);
    return restored;
  });
  return { state: 'done', value };
}

function inWords(to: Savepoint<RdsState>, { sight, seen }: Finishing, carried: number): string {
  const { instance, takenAt } = { instance: to.state.instance, takenAt: to.takenAt };
  const rows = carried === 0 ? '' : `, with ${carried} ${carried === 1 ? 'row' : 'rows'} carried over`;
  const read = to.state.rowsRead ? '' : '; what its rows were at the savepoint nobody had read';
  const warm = seen.warmed.length === 0 ? '' : `; warm: ${seen.warmed.join(', ')}`;
  const kept = sight.replaced === null ? '' : `; the replaced one is kept as ${sight.replaced.id}`;
  return `${instance} is the savepoint of ${takenAt} again${rows}${read}${warm}${kept}`;
}

/** What the same key did already, unless the database was changed again since: then it is an instance as any other. */
async function again(call: Rds, { restored }: Sight, result: Restored): Promise<Step<Restored>> {
  const { database } = placeOf(databaseCall(call).spec);
  const changed = await claimed(databaseCall(call), call.signal, async ({ maintenance }) => {
    const attempts = await maintenance.rows('select from savepoint.attempts where database = $1 limit 1', [database]);
    if (attempts.length === 0) return false;
    await forgetExchange(maintenance, call.key);
    await maintenance.rows('delete from savepoint.restores where key = $1', [call.key]);
    await maintenance.rows('delete from savepoint.measures where key = $1', [call.key]);
    return true;
  });
  if (!changed) return { state: 'done', value: result };
  if (restored !== null) await addTags(call, restored, { [ownerTags.key]: 'restored-before' });
  return working('the database was changed again since, so it goes back once more');
}
