import type { CrashCase, Struck } from './points.ts';
import { ways } from './strike.ts';

/** The same order for the same seed: a linear congruential generator (Numerical Recipes) under Fisher and Yates. */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const order = [...list];
  let state = seed >>> 0;
  for (let last = order.length - 1; last > 0; last -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/** At least one case of every way, as long as there is room for it, and the rest as they come. */
export function sampled<S extends Struck>(cases: readonly CrashCase<S>[], seed: number, size: number): CrashCase<S>[] {
  const order = shuffled(cases, seed);
  const first = ways.flatMap((way) => order.find((each) => each.way === way) ?? []);
  return [...new Set([...first, ...order])].slice(0, size);
}
