import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { MemoryChange, MemoryVerb } from './memory.schema.ts';

/** Everything that a change can alter. `rows` are written by users, `seeds` by releases. */
export type MemoryState = { version: string | null; schema: string | null; seeds: string[]; rows: number };

/** Something that was done to the world, in order. `at`: milliseconds since 1970. */
export type MemoryEffect = {
  world: string;
  verb: MemoryVerb;
  change: MemoryChange | null;
  version: string | null;
  key: string;
  fence: number;
  at: number;
  pid: number;
};

type Entry =
  | { type: 'initial'; version: string | null }
  | { type: 'fence'; fence: number }
  | { type: 'began'; key: string; fence: number; at: number }
  | { type: 'asked'; key: string }
  | { type: 'saved'; key: string; state: MemoryState }
  | { type: 'carried'; key: string; rows: number; expects: number }
  | { type: 'fault'; id: string }
  | { type: 'written'; rows: number }
  | { type: 'effect'; effect: MemoryEffect; expects: number; patch: Partial<MemoryState>; held: boolean };

/** What the entries add up to. `revision` counts the effects that took place. */
export type MemoryWorld = {
  state: MemoryState;
  held: boolean;
  fence: number;
  revision: number;
  /** Versions that ran, in order, the present one last. */
  history: string[];
  effects: MemoryEffect[];
  /** Effects that came too late: a newer attempt had taken over, or the world had moved on. */
  refused: MemoryEffect[];
  /** Key → when work on it began. */
  began: Record<string, number>;
  asked: string[];
  /** Key of a savepoint → what it saved. */
  saved: Record<string, MemoryState>;
  /** Key of a restore → rows that its copy holds beside the savepoint's, and the revision at which that was so. */
  carried: Record<string, { rows: number; revision: number }>;
  /** Fault → how often it struck. */
  faults: Record<string, number>;
  /** Writes of users that were refused while writers were held. */
  refusedWrites: number;
};

const kept = new Map<string, Entry[]>();

/**
 * The order of entries is the only truth: an effect counts when no newer fence and no other effect came between the
 * look at the world and the entry. So several workers may append to one file without a lock.
 */
function fold(entries: readonly Entry[]): MemoryWorld {
  const world: MemoryWorld = {
    state: { version: null, schema: null, seeds: [], rows: 0 },
    held: false,
    fence: 0,
    revision: 0,
    history: [],
    effects: [],
    refused: [],
    began: {},
    asked: [],
    saved: {},
    carried: {},
    faults: {},
    refusedWrites: 0,
  };
  entries.forEach((entry, index) => {
    if (entry.type !== 'initial' || index === 0) addTo(world, entry);
  });
  return world;
}

function addTo(world: MemoryWorld, entry: Entry): void {
  if (entry.type === 'initial') {
    world.state = { version: entry.version, schema: entry.version, seeds: [], rows: 0 };
    if (entry.version !== null) world.history.push(entry.version);
  } else if (entry.type === 'fence') {
    world.fence = Math.max(world.fence, entry.fence);
  } else if (entry.type === 'began') {
    world.began[entry.key] ??= entry.at;
  } else if (entry.type === 'asked') {
    world.asked.push(entry.key);
  } else if (entry.type === 'saved') {
    world.saved[entry.key] ??= entry.state;
  } else if (entry.type === 'carried') {
    if (entry.expects === world.revision) world.carried[entry.key] = { rows: entry.rows, revision: world.revision };
  } else if (entry.type === 'fault') {
    world.faults[entry.id] = (world.faults[entry.id] ?? 0) + 1;
  } else if (entry.type === 'written') {
    if (world.held) world.refusedWrites += 1;
    else world.state = { ...world.state, rows: world.state.rows + entry.rows };
  } else {
    takeEffect(world, entry);
  }
}

function takeEffect(world: MemoryWorld, entry: Extract<Entry, { type: 'effect' }>): void {
  const { effect, patch, held } = entry;
  if (effect.fence < world.fence || entry.expects !== world.revision) {
    world.refused.push(effect);
    return;
  }
  const state = { ...world.state, ...patch };
  if (state.version !== null && state.version !== world.state.version) world.history.push(state.version);
  world.state = state;
  world.held = held;
  world.fence = effect.fence;
  world.revision += 1;
  world.effects.push(effect);
  // What a restore took back may be done again under the same key.
  if (effect.verb === 'restore') world.began = {};
}

/** Where one world is kept: in this process, or in a file that survives it and serves several workers. */
export type MemoryPlace = { world: string; file: string | null; initial: string | null };

function entriesOf(place: MemoryPlace): Entry[] {
  if (place.file === null) {
    let entries = kept.get(place.world);
    if (entries === undefined) {
      entries = [{ type: 'initial', version: place.initial }];
      kept.set(place.world, entries);
    }
    return entries;
  }
  const lines = readLines(place.file);
  if (lines.length > 0) return lines;
  appendTo(place, { type: 'initial', version: place.initial });
  return readLines(place.file);
}

function readLines(file: string): Entry[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function appendTo(place: MemoryPlace, entry: Entry): void {
  if (place.file === null) {
    entriesOf(place).push(entry);
    return;
  }
  mkdirSync(dirname(place.file), { recursive: true });
  appendFileSync(place.file, `${JSON.stringify(entry)}\n`);
}

export function lookAt(place: MemoryPlace): MemoryWorld {
  return fold(entriesOf(place));
}

/** Adds one entry and gives the world as it stands afterwards. */
export function record(place: MemoryPlace, entry: Entry): MemoryWorld {
  entriesOf(place);
  appendTo(place, entry);
  return lookAt(place);
}

/** For tests and dry runs: a look into the world from outside. `file`: where the world's spec keeps it. */
export function memoryWorld(world: string, file: string | null = null): MemoryWorld {
  return fold(file === null ? (kept.get(world) ?? []) : readLines(file));
}

/** What a user's write does: refused while writers are held. The world must exist. */
export function writeRows(world: string, rows: number, file: string | null = null): MemoryWorld {
  if (file === null && !kept.has(world)) throw new Error(`there is no world '${world}' yet`);
  return record({ world, file, initial: null }, { type: 'written', rows });
}

/** Effects over several worlds of this process, in the order in which they happened. */
export function memoryEffects(worlds: readonly string[]): MemoryEffect[] {
  const effects = worlds.flatMap((world) => memoryWorld(world).effects);
  return effects.sort((a, b) => a.at - b.at);
}

export function forgetMemoryWorld(world: string): void {
  kept.delete(world);
}
