import { createHash } from 'node:crypto';
import { TargetFailure } from '../../release/failure.ts';
import { type Fingerprint, type FingerprintPart, prove } from '../../release/fingerprint.ts';
import type { Json } from '../../release/json.ts';
import { shortRelease } from '../../release/naming.ts';
import type {
  Artefact,
  Call,
  Confirmation,
  Kind,
  Restored,
  Savepoint,
  Standing,
  Step,
  Survey,
} from '../../release/target.ts';
import { claim, failureOf, inEffect, isRestored, type Patch, perform, placeOf, strike, type Work } from './attempt.ts';
import { carriedRows, type MemorySavepoint, measuring } from './measuring.ts';
import type { MemoryChange, MemorySpec } from './memory.schema.ts';
import { lookAt, type MemoryState, type MemoryWorld, record } from './world.ts';

type MemoryCall = Call<MemorySpec>;

function changed(state: MemoryState, change: MemoryChange, version: string): Partial<MemoryState> {
  if (change === 'deploy') return { version };
  if (change === 'migrate') return { schema: version };
  if (change === 'seed') return { seeds: [...state.seeds, version] };
  return {};
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function partsOf(state: MemoryState, held: boolean, stores: boolean): FingerprintPart[] {
  const { schema, seeds, rows, version } = state;
  if (stores) {
    const rowsDetail = `${rows} rows, ${seeds.length} seeds`;
    return [
      { name: 'schema', level: 'structure', value: digestOf(`schema ${schema}`), detail: schema ?? 'absent' },
      { name: 'rows', level: 'content', value: digestOf(`${rows} ${seeds.join(' ')}`), detail: rowsDetail },
    ];
  }
  if (version === null) return [{ name: 'digest', level: 'digest', value: 'absent' }];
  return [
    { name: 'digest', level: 'digest', value: digestOf(version), detail: version },
    { name: 'version', level: 'version', value: held ? 'stopped' : version },
  ];
}

function fingerprintOf(state: MemoryState, held: boolean, stores: boolean): Fingerprint {
  return { takenAt: new Date().toISOString(), parts: partsOf(state, held, stores) };
}

function versionOf(state: MemoryState, stores: boolean): string | null {
  return stores ? state.schema : state.version;
}

function survey(call: MemoryCall, stores: boolean): Survey {
  call.signal.throwIfAborted();
  const fault = strike(call, { verb: 'survey', change: null }, 'before');
  if (fault !== null) throw failureOf(fault, call);
  const findings = call.spec.findings.map(({ status, what, remedy }) =>
    remedy === null ? { status, what } : { status, what, remedy },
  );
  const running = versionOf(lookAt(placeOf(call)).state, stores);
  return { findings: [{ status: 'PASS', what: `${call.target} can be changed and restored` }, ...findings], running };
}

function save(call: MemoryCall, stores: boolean): Step<Savepoint<MemorySavepoint>> {
  const world = claim(call);
  const work: Work = { verb: 'save', change: null, version: null, next: unchanged, half: unchanged };
  const pending = call.key in world.saved ? null : perform(call, work);
  if (pending !== null) return pending;
  const saved = record(placeOf(call), { type: 'saved', key: call.key, state: world.state });
  const state = saved.saved[call.key] ?? world.state;
  const version = versionOf(state, stores);
  return {
    state: 'done',
    value: {
      target: call.target,
      kind: stores ? 'memory-database' : 'memory',
      release: call.release,
      takenAt: new Date().toISOString(),
      version,
      absent: version === null,
      heldMs: 0,
      // A service that is held for this release is recorded as it ran before.
      fingerprint: fingerprintOf(state, false, stores),
      state: { before: state },
    },
  };
}

function unchanged(world: MemoryWorld): Patch {
  return { patch: {}, held: world.held };
}

function apply(call: MemoryCall, change: MemoryChange, version: string): Step<Json> {
  const world = claim(call);
  // A service that is held does not run what was deployed: a way back that was given up has stopped it.
  const isDown = change === 'deploy' && world.held;
  if (inEffect(world, call.key) && !isDown) return { state: 'done', value: { change, version, found: true } };
  const patch = changed(world.state, change, version);
  const differs = JSON.stringify({ ...world.state, ...patch }) !== JSON.stringify(world.state);
  const pending = perform(call, {
    verb: 'apply',
    change,
    version,
    next: ({ state, held }) => ({ patch: changed(state, change, version), held: change === 'deploy' ? false : held }),
    half: ({ state, held }) => ({ patch: changed(state, change, `${version} (half)`), held }),
  });
  return pending ?? { state: 'done', value: { change, version, changed: differs } };
}

function restore(call: MemoryCall, to: Savepoint<MemorySavepoint>, stores: boolean): Step<Restored> {
  const world = claim(call);
  const fault = strike(call, { verb: 'restore', change: null }, 'before');
  if (fault?.kind === 'lie') return restored(to, to.fingerprint, null);
  if (fault !== null) throw failureOf(fault, call);
  const kept = stores ? `${call.spec.world}_superseded_${shortRelease(call.release)}` : null;
  const found = stores ? foundRestored(call, to, world) : null;
  if (found !== null) return restored(to, found, kept);
  const now = fingerprintOf(world.state, stores ? false : world.held, stores);
  if (prove(to.fingerprint, now).differences.length === 0) return restored(to, now, null);
  const carried = carriedRows(call, world);
  const next = (at: MemoryWorld): Patch => ({
    patch: { ...to.state.before, rows: to.state.before.rows + carried },
    held: stores ? at.held : false,
  });
  const pending = perform(call, { verb: 'restore', change: null, version: to.version, next, half: unchanged });
  if (pending !== null) return pending;
  const { state } = lookAt(placeOf(call));
  return restored(to, fingerprintOf({ ...state, rows: state.rows - carried }, false, stores), kept);
}

/** The database as an earlier attempt restored it, whose answer was lost: rows that it brought along are no difference. */
function foundRestored(call: MemoryCall, to: Savepoint<MemorySavepoint>, world: MemoryWorld): Fingerprint | null {
  if (!isRestored(world, call.key)) return null;
  const rows = world.state.rows - (world.carried[call.key]?.rows ?? 0);
  const found = fingerprintOf({ ...world.state, rows }, false, true);
  return prove(to.fingerprint, found).differences.length === 0 ? found : null;
}

function restored(to: Savepoint<MemorySavepoint>, actual: Fingerprint, kept: string | null): Step<Restored> {
  const proof = prove(to.fingerprint, actual);
  if (proof.differences.length > 0) {
    throw new TargetFailure('failed', `${to.target} differs from its savepoint after the restore`);
  }
  return {
    state: 'done',
    value: { proof, downtimeMs: 0, kept, detail: `${to.target} is at ${to.version ?? 'nothing'}` },
  };
}

function confirm(call: MemoryCall, change: MemoryChange, version: string, stores: boolean): Confirmation {
  const pending = strike(call, { verb: 'confirm', change }, 'before');
  if (pending !== null) throw failureOf(pending, call);
  const { state } = lookAt(placeOf(call));
  const patch = changed({ ...state, seeds: state.seeds.filter((seed) => seed !== version) }, change, version);
  const done = Object.entries(patch).every(([name, value]) => {
    return JSON.stringify(state[name as keyof MemoryState]) === JSON.stringify(value);
  });
  return { state: done ? 'done' : 'not-done', detail: `it runs ${versionOf(state, stores) ?? 'nothing'}` };
}

function hold(call: MemoryCall): Step<Json> {
  const world = claim(call);
  const value = { version: world.state.version };
  if (world.held) return { state: 'done', value };
  const next = () => ({ patch: {}, held: true });
  return (
    perform(call, { verb: 'hold', change: null, version: null, next, half: unchanged }) ?? { state: 'done', value }
  );
}

function resume(call: MemoryCall): Step<null> {
  if (!claim(call).held) return { state: 'done', value: null };
  const next = () => ({ patch: {}, held: false });
  const pending = perform(call, { verb: 'resume', change: null, version: null, next, half: unchanged });
  return pending ?? { state: 'done', value: null };
}

function prepare(call: MemoryCall, version: string): Step<Artefact> {
  const world = claim(call);
  const digest = digestOf(version);
  const done: Step<Artefact> = {
    state: 'done',
    value: { digest, location: null, parts: [{ name: call.target, digest }] },
  };
  if (inEffect(world, call.key)) return done;
  return perform(call, { verb: 'prepare', change: null, version, next: unchanged, half: unchanged }) ?? done;
}

function compare(call: MemoryCall, since: Savepoint<MemorySavepoint>): Standing {
  call.signal.throwIfAborted();
  const fault = strike(call, { verb: 'compare', change: null }, 'before');
  if (fault !== null) throw failureOf(fault, call);
  const proof = prove(since.fingerprint, fingerprintOf(lookAt(placeOf(call)).state, false, true));
  const detail = proof.differences
    .map(({ part, expected, actual }) => `${part}: ${expected} is now ${actual}`)
    .join('; ');
  return { state: proof.differences.length === 0 ? 'equal' : 'differs', proof, detail: detail || 'nothing differs' };
}

function kindOf(stores: boolean): Kind<MemorySpec, MemorySavepoint, MemoryChange> {
  return {
    survey: async (call) => survey(call, stores),
    prepare: async (call, version) => prepare(call, version),
    save: async (call) => save(call, stores),
    apply: async (call, change, version) => apply(call, change, version),
    restore: async (call, to) => restore(call, to, stores),
    fingerprint: async (call) => {
      const fault = strike(call, { verb: 'fingerprint', change: null }, 'before');
      if (fault !== null) throw failureOf(fault, call);
      const { state, held } = lookAt(placeOf(call));
      return fingerprintOf(state, held, stores);
    },
    hold: async (call) => hold(call),
    resume: async (call) => resume(call),
    confirm: async (call, change, version) => confirm(call, change as MemoryChange, version, stores),
    ...(stores ? { ...measuring, compare: async (call, since) => compare(call, since) } : {}),
  };
}

/** A service without a world of its own, for tests and dry runs. */
export const memory = kindOf(false);

/** A database without a world of its own, for tests and dry runs. */
export const memoryDatabase = kindOf(true);
