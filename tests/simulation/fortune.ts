import fc from 'fast-check';

/**
 * What goes wrong with one call on a target or one list of checks.
 *
 * - `before`: it fails and nothing happened · `half`: it fails, and nobody was told that it did happen
 * - `lost-before`, `lost-after`: nobody can tell whether it happened
 * - `crash-before`, `crash-after`: the worker dies before or after the effect, and the call is repeated
 * - `consult`: of checks, a finding that asks a person
 */
export type Mishap = 'before' | 'half' | 'lost-before' | 'lost-after' | 'crash-before' | 'crash-after' | 'consult';

/** Somebody stops the release in the middle of a call. `goBack`: as in the message of that name. */
export type Stop = { kind: 'abort' | 'cancel' | 'rollback'; goBack: boolean | undefined };

/** All luck of one run, drawn before it begins, so that a shorter fortune is a simpler run. `at`: number of the call. */
export type Fortune = {
  mishaps: { at: number; what: Mishap }[];
  /** The same on the way back, counted from its beginning. */
  back: { at: number; what: Mishap }[];
  stops: { at: number; stop: Stop }[];
  /** Which of the offered answers people give, in order; afterwards the first one. */
  answers: number[];
  /** Rows that users write after each call, in turn. */
  writes: number[];
  /** Which of the stages that may start is next, in turn. */
  order: number[];
  /** Whether a comparison with the savepoint works, in turn. */
  sees: boolean[];
  sinceChangeMs: number;
  proved: boolean;
};

const at = fc.nat({ max: 45 });
const mishap = fc.constantFrom<Mishap[]>(
  'before',
  'half',
  'lost-before',
  'lost-after',
  'crash-before',
  'crash-after',
  'consult',
);
const stop: fc.Arbitrary<Stop> = fc.record({
  kind: fc.constantFrom<Stop['kind'][]>('abort', 'cancel', 'rollback'),
  goBack: fc.option(fc.boolean(), { nil: undefined }),
});

export const anyFortune: fc.Arbitrary<Fortune> = fc.record({
  mishaps: fc.array(fc.record({ at, what: mishap }), { maxLength: 6 }),
  back: fc.array(fc.record({ at: fc.nat({ max: 9 }), what: mishap }), { maxLength: 6 }),
  stops: fc.array(fc.record({ at, stop }), { maxLength: 1 }),
  answers: fc.array(fc.nat({ max: 7 }), { maxLength: 8 }),
  writes: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 6 }),
  order: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 6 }),
  sees: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
  sinceChangeMs: fc.constantFrom(0, 2 * 3_600_000),
  proved: fc.boolean(),
});

/** Hands out a fortune piece by piece; each piece strikes once. */
export type Luck = {
  /** Numbers the next call. */
  call(): number;
  /** From here on calls are those of the way back. */
  turnBack(): void;
  mishapAt(call: number): Mishap | null;
  stopAt(call: number): Stop | null;
  answer(offered: number): number;
  writes(): number;
  order(ready: number): number;
  sees(): boolean;
};

export function luckOf(fortune: Fortune): Luck {
  let calls = 0;
  let turnedAt: number | null = null;
  const mishaps = [...fortune.mishaps];
  const back = [...fortune.back];
  const stops = [...fortune.stops];
  const answers = [...fortune.answers];
  const turn = <T>(of: readonly T[]): (() => T | undefined) => {
    let next = 0;
    return () => of[next++ % of.length];
  };
  const take = <T extends { at: number }>(of: T[], call: number): T | null => {
    const found = of.findIndex((each) => each.at === call);
    return found < 0 ? null : (of.splice(found, 1)[0] ?? null);
  };
  const writes = turn(fortune.writes);
  const order = turn(fortune.order);
  const sees = turn(fortune.sees);
  return {
    call: () => calls++,
    turnBack: () => {
      turnedAt = calls;
    },
    mishapAt: (call) => (turnedAt === null ? take(mishaps, call) : take(back, call - turnedAt))?.what ?? null,
    stopAt: (call) => take(stops, call)?.stop ?? null,
    answer: (offered) => (answers.shift() ?? 0) % offered,
    writes: () => writes() ?? 0,
    order: (ready) => (order() ?? 0) % ready,
    sees: () => sees() ?? true,
  };
}
