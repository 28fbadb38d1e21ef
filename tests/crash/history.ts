import { readFileSync } from 'node:fs';
import { type MemoryEffect, type MemoryState, type MemoryWorld, memoryWorld } from '../../src/targets/memory/world.ts';

/** The world of one target right after something took effect. */
export type Moment = { target: string; effect: MemoryEffect; state: MemoryState; held: boolean };

/** Everything that one target's file tells. `moments` are in the order in which they happened. */
export type History = { target: string; world: MemoryWorld; initial: MemoryState; moments: Moment[]; lines: Line[] };

/** What judging needs of an entry of the file; see `world.ts` for all of them. */
type Line = {
  type: string;
  key?: string;
  version?: string | null;
  rows?: number;
  effect?: MemoryEffect;
  patch?: Partial<MemoryState>;
  held?: boolean;
};

export function historyOf(target: string, file: string): History {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
  const world = memoryWorld('', file);
  const version = lines[0]?.version ?? null;
  const initial: MemoryState = { version, schema: version, seeds: [], rows: 0 };
  const moments: Moment[] = [];
  let state = initial;
  for (const { effect, patch, held = false } of lines) {
    if (effect === undefined || !tookPlace(world, effect)) continue;
    state = { ...state, ...patch };
    moments.push({ target, effect, state, held });
  }
  return { target, world, initial, moments, lines };
}

function tookPlace({ effects }: MemoryWorld, { key, fence, at }: MemoryEffect): boolean {
  return effects.some((each) => each.key === key && each.fence === fence && each.at === at);
}

/** A key without the id of its release: the same in every run of one scene. */
export function plainKey(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

/** What was done, in an order that does not depend on targets that go in parallel. */
export function effectsOf(histories: readonly History[]): string[] {
  const effects = histories.flatMap(({ moments }) => moments.map(({ effect }) => effect));
  return effects.map(({ verb, change, version, key }) => [plainKey(key), verb, change, version].join(' ')).sort();
}
