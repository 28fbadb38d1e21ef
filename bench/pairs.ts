import { median } from './numbers.ts';

/** Both ways to be compared, each measured once per call, in the same unit. */
export type Pair = { ours: (round: number) => Promise<number>; peer: (round: number) => Promise<number> };

/** `pairRatio`: median of the ratios within the pairs, which a drift of the machine hardly touches. */
export type Compared = { ours: number; peer: number; pairRatio: number; pairs: number };

/**
 * Measures both ways in turns, so that a busy moment of the machine meets both. Who begins changes with every pair; the
 * first pair warms up and does not count.
 */
export async function inPairs(count: number, { ours, peer }: Pair): Promise<Compared> {
  const found: { ours: number; peer: number }[] = [];
  for (let round = 0; round <= count; round += 1) {
    const oursFirst = round % 2 === 0;
    const early = oursFirst ? await ours(round) : await peer(round);
    const late = oursFirst ? await peer(round) : await ours(round);
    if (round > 0) found.push(oursFirst ? { ours: early, peer: late } : { ours: late, peer: early });
  }
  return {
    ours: median(found.map((pair) => pair.ours)),
    peer: median(found.map((pair) => pair.peer)),
    pairRatio: median(found.map((pair) => pair.ours / pair.peer)),
    pairs: found.length,
  };
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
