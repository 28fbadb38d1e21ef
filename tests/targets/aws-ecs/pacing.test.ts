import { describe, expect, it } from 'vitest';
import { pauseAfter } from '../../../src/targets/aws-ecs/pauses.ts';

type Looked = { looks: number; lagMs: number };

/** Looks until something is seen that happens after `endMs`. */
function watched(endMs: number, pause: (elapsedMs: number) => number): Looked {
  let looks = 1;
  let at = 0;
  for (; at < endMs; looks += 1) at += pause(at);
  return { looks, lagMs: at - endMs };
}

function meanOf(ends: readonly number[], pause: (elapsedMs: number) => number): Looked {
  const all = ends.map((end) => watched(end, pause));
  const mean = (of: (one: Looked) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
  return { looks: mean(({ looks }) => looks), lagMs: mean(({ lagMs }) => lagMs) };
}

/** Six minutes, some seconds more or less. */
const ends = Array.from({ length: 41 }, (_, index) => 346_000 + index * 700);
const known = [352_000, 368_000, 359_000, 361_000, 371_000];
/** The waiter of botocore for services: every 15 s. */
const stock = meanOf(ends, () => 15_000);

describe('looking at a deployment of ECS', () => {
  it('takes half the looks and a third of the lag of the stock waiter where earlier ones are known', () => {
    const ours = meanOf(ends, (elapsed) => pauseAfter(known, elapsed));
    expect(ours.looks).toBeLessThanOrEqual(stock.looks / 2);
    expect(ours.lagMs).toBeLessThanOrEqual(stock.lagMs / 3);
  });

  it('lets one odd deployment of the past mislead nobody', () => {
    const ours = meanOf(ends, (elapsed) => pauseAfter([...known, 1_000], elapsed));
    expect(ours).toEqual(meanOf(ends, (elapsed) => pauseAfter(known, elapsed)));
  });

  it('notices the end of a short one soon where nothing is known', () => {
    const { looks, lagMs } = watched(20_000, (elapsed) => pauseAfter([], elapsed));
    expect(looks).toBeLessThan(20);
    expect(lagMs).toBeLessThan(5_000);
  });

  it('notices within 90 s that it failed, and never lets go of one that takes longer than ever', () => {
    for (let elapsed = 0; elapsed < 3_600_000; elapsed += 1_000) {
      for (const past of [[], known, [3_000_000, 3_100_000]]) {
        const pause = pauseAfter(past, elapsed);
        expect(pause).toBeLessThanOrEqual(90_000);
        expect(pause).toBeGreaterThanOrEqual(250);
      }
    }
  });
});
