import { describe, it } from 'vitest';
import { prove } from '../../src/release/fingerprint.ts';
import type { Json } from '../../src/release/json.ts';
import type { Kind } from '../../src/release/target.ts';
import {
  actsOnce,
  cancelled,
  confirms,
  fingerprints,
  finished,
  halfWay,
  holds,
  neverRan,
  nothingBefore,
  plainResults,
  refusesStale,
  restoresAgain,
  restoresHeld,
  surveys,
} from './promises.ts';
import { Trial } from './trial.ts';

/**
 * What a kind of target brings to be tried. Plug in like this:
 *
 *   conformance('postgres', async (first) => ({ kind: postgres, spec, home, version: 'v2', changes: ['migrate'], ... }));
 *
 * `makeWorld('running')` gives a fresh world in which v1 runs; `makeWorld('absent')` one in which nothing was ever
 * released. Each case gets a world of its own and closes it.
 */
export type ConformanceWorld<Spec, State extends Json, Change extends string> = {
  kind: Kind<Spec, State, Change>;
  spec: Spec;
  home: string;
  /** The version that `changes` bring, in this order. */
  version: string;
  changes: readonly Change[];
  /** What users see, asked without Savepoint. Equal texts mean an equal world. */
  observe(): Promise<string>;
  /** Effects on the world in order, written by the world. Looking, comparing and copying beside are no effects. */
  effects(): Promise<string[]>;
  /** Applying `change` with this spec stops half way with a failure. Left out where a kind cannot stop half way. */
  half?: { spec: Spec; change: Change; version: string };
  /** A newer attempt would end the work of the one before: looking again is no new attempt then. */
  oneAttempt?: boolean;
  /** Texts that no result may hold. */
  secrets: readonly string[];
  close(): Promise<void>;
};

export type MakeWorld<Spec, State extends Json, Change extends string> = (
  first: 'running' | 'absent',
) => Promise<ConformanceWorld<Spec, State, Change>>;

export type ConformanceCase = { title: string; run: () => Promise<void> };

/** Every case as data, so that the suite can be run against a target that is broken on purpose. */
export function conformanceCases<Spec, State extends Json, Change extends string>(
  makeWorld: MakeWorld<Spec, State, Change>,
): ConformanceCase[] {
  const on =
    (first: 'running' | 'absent', story: (trial: Trial<Spec, State, Change>) => Promise<void>) =>
    async (): Promise<void> => {
      const world = await makeWorld(first);
      try {
        await story(new Trial(world));
      } finally {
        await world.close();
      }
    };
  return [
    { title: 'brings back what users saw after a finished change', run: on('running', finished) },
    { title: 'brings back what users saw after a change that stopped half way', run: on('running', halfWay) },
    { title: 'brings back what users saw when the change never ran', run: on('running', neverRan) },
    { title: 'brings back nothing where there was nothing', run: on('absent', nothingBefore) },
    { title: 'tells versions apart by their fingerprints', run: on('running', fingerprints) },
    { title: 'acts once when a verb is called again with its key', run: on('running', actsOnce) },
    { title: 'refuses an attempt that a newer one has replaced', run: on('running', refusesStale) },
    { title: 'changes nothing while it surveys', run: on('running', surveys) },
    { title: 'leaves the world alone when it was cancelled before', run: on('running', cancelled) },
    { title: 'restores again and again', run: on('running', restoresAgain) },
    { title: 'puts back what it held', run: on('running', holds) },
    { title: 'goes back to what ran before a hold', run: on('running', restoresHeld) },
    { title: 'tells whether a change has taken effect', run: on('running', confirms) },
    { title: 'gives results that are small, plain and hold no secret', run: on('running', plainResults) },
  ];
}

/** Registers every case with vitest. */
export function conformance<Spec, State extends Json, Change extends string>(
  name: string,
  makeWorld: MakeWorld<Spec, State, Change>,
): void {
  describe(`${name} keeps the promises of a target`, () => {
    for (const { title, run } of conformanceCases(makeWorld)) it(title, run, 60_000);
  });
}

/** Titles of the cases that fail. For a target that is broken on purpose this must not be empty. */
export async function failingCases(cases: readonly ConformanceCase[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, run } of cases) {
    try {
      await run();
    } catch {
      failed.push(title);
    }
  }
  return failed;
}

/** The same world around a target whose `restore` claims success and does nothing. */
export function withoutRestore<Spec, State extends Json, Change extends string>(
  makeWorld: MakeWorld<Spec, State, Change>,
): MakeWorld<Spec, State, Change> {
  return async (first) => {
    const world = await makeWorld(first);
    const restore: Kind<Spec, State, Change>['restore'] = async (_call, to) => ({
      state: 'done',
      value: { proof: prove(to.fingerprint, to.fingerprint), downtimeMs: 0, kept: null, detail: 'nothing was done' },
    });
    return { ...world, kind: { ...world.kind, restore } };
  };
}
