import { TargetFailure } from '../../release/failure.ts';
import { prove } from '../../release/fingerprint.ts';
import type { Carried, Carrying, Loss, TableLoss } from '../../release/loss.ts';
import { shortRelease } from '../../release/naming.ts';
import type { Beside, Call, Measures, Savepoint, Step } from '../../release/target.ts';
import { claim, placeOf, prelude } from './attempt.ts';
import type { MemorySpec } from './memory.schema.ts';
import { lookAt, type MemoryState, type MemoryWorld, record } from './world.ts';

export type MemorySavepoint = { before: MemoryState };

type MemoryCall = Call<MemorySpec>;

/** Rows that are in the copy beside; what was carried before writers were let in again is worth nothing. */
export function carriedRows(call: MemoryCall, world: MemoryWorld): number {
  const carried = world.carried[call.key];
  if (carried === undefined) return 0;
  if (carried.revision === world.revision) return carried.rows;
  throw new TargetFailure('changed', `writers of ${call.target} were let in after its rows were carried over`);
}

function beside(call: MemoryCall, from: Savepoint<MemorySavepoint>): Step<Beside> {
  claim(call);
  const pending = prelude(call, 'beside');
  if (pending !== null) return pending;
  const name = `${call.spec.world}_beside_${shortRelease(call.release)}`;
  return { state: 'done', value: { name, proof: prove(from.fingerprint, from.fingerprint), detail: name } };
}

/** Users only ever add rows; every row of a release is a seed. */
function loss(call: MemoryCall, since: Savepoint<MemorySavepoint>): Step<Loss> {
  claim(call);
  const pending = prelude(call, 'loss');
  if (pending !== null) return pending;
  const { state, held } = lookAt(placeOf(call));
  const added = state.rows - since.state.before.rows;
  const own = state.seeds.length - since.state.before.seeds.length;
  const table: TableLoss = { table: 'rows', by: 'key', added, changed: 0, removed: 0, marked: 0, own, ignored: false };
  const tables = added === 0 && own === 0 ? [] : [table];
  return {
    state: 'done',
    value: { measuredAt: new Date().toISOString(), held, rows: added, tables, notCompared: [] },
  };
}

function carry(call: MemoryCall, since: Savepoint<MemorySavepoint>, { into }: Carrying): Step<Carried> {
  claim(call);
  const pending = prelude(call, 'carry');
  if (pending !== null) return pending;
  const { state, held, revision } = lookAt(placeOf(call));
  if (!held) throw new TargetFailure('refused', `rows of ${call.target} are carried over only while writers are held`);
  const written = state.rows - since.state.before.rows;
  const left = Math.min(written, call.spec.unfit);
  const carried = written - left;
  if (into === 'copy') record(placeOf(call), { type: 'carried', key: call.key, rows: carried, expects: revision });
  const why = left === 0 ? [] : ['they do not fit the old schema'];
  return { state: 'done', value: { into, carried, left, tables: [{ table: 'rows', carried, left, why }], files: [] } };
}

export const measuring: Measures<MemorySpec, MemorySavepoint> = {
  beside: async (call, from) => beside(call, from),
  loss: async (call, since) => loss(call, since),
  carry: async (call, since, carrying) => carry(call, since, carrying),
};
