import { type Interval, rankAbove, ranksAround, shareAtMost, wilson } from './intervals.ts';
import { percentile, type Sample } from './statistics.ts';

/** One request of the version that runs before the release. `atMs`: epoch milliseconds. */
export type Timed = { atMs: number; sample: Sample };

export type Quantile = 'p50' | 'p95' | 'p99';

/** Share of requests that a quantile leaves above it. */
export const shareAbove: Record<Quantile, number> = { p50: 0.5, p95: 0.05, p99: 0.01 };

/**
 * What was measured of one thing, in its unit (per cent or milliseconds). `atMost`: exceeded by the truth with the risk
 * that was asked for only. `blockMs`: bad requests nearer than this may come from the same cause. `independent`: within that
 * time they come together no more often than chance would have it.
 */
export type Normal = { value: number; interval: Interval; atMost: number; blockMs: number; independent: boolean };

/** How the running version does, before anything is changed; JSON without secrets. `n`: requests. */
export type Baseline = { n: number; errors: Normal } & Record<Quantile, Normal | null>;

/** Blocks that are tried, in multiples of the shortest one. */
const ladder: readonly number[] = [1, 2, 5, 10, 20, 60];
const leastBlocks = 10;
const shortestMs = 1_000;

/**
 * Describes the running version. `risk`: probability that the truth is above any one `atMost`. Bursts count as what they
 * are: where bad requests come together, the blocks are as long as a burst, and fewer requests count as independent.
 */
export function baselineOf(samples: readonly Timed[], order: { risk: number; everyMs: number }): Baseline {
  const answered = samples.filter(({ sample }) => sample !== null);
  const sorted = answered.map(({ sample }) => sample ?? 0).sort((a, b) => a - b);
  const quantile = (name: Quantile): Normal | null => {
    const value = percentile(sorted, (1 - shareAbove[name]) * 100);
    return value === null ? null : normalQuantile(answered, sorted, { ...order, value, share: 1 - shareAbove[name] });
  };
  return {
    n: samples.length,
    errors: normalErrors(samples, order),
    p50: quantile('p50'),
    p95: quantile('p95'),
    p99: quantile('p99'),
  };
}

function normalErrors(samples: readonly Timed[], { risk, everyMs }: { risk: number; everyMs: number }): Normal {
  const marks = samples.map(({ atMs, sample }) => ({ atMs, bad: sample === null }));
  const { blockMs, dispersion, independent } = burstsIn(marks, everyMs);
  const bad = marks.filter((mark) => mark.bad).length;
  const n = samples.length / dispersion;
  const { low, high } = wilson(bad / dispersion, n);
  const atMost = shareAtMost(bad / dispersion, n, risk) * 100;
  const value = samples.length === 0 ? 0 : (bad / samples.length) * 100;
  return { value, interval: { low: low * 100, high: high * 100 }, atMost, blockMs, independent };
}

type QuantileOrder = { value: number; share: number; risk: number; everyMs: number };

function normalQuantile(answered: readonly Timed[], sorted: readonly number[], order: QuantileOrder): Normal {
  const { value, share, risk, everyMs } = order;
  const marks = answered.map(({ atMs, sample }) => ({ atMs, bad: (sample ?? 0) > value }));
  const { blockMs, dispersion, independent } = burstsIn(marks, everyMs);
  const n = sorted.length / dispersion;
  const { low, high } = ranksAround(share, n);
  const at = (rank: number): number => percentile(sorted, rank * 100) ?? value;
  const atMost = at(rankAbove(share, n, risk));
  return { value, interval: { low: at(low), high: at(high) }, atMost, blockMs, independent };
}

type Block = { n: number; bad: number };
type Bursts = { blockMs: number; dispersion: number; independent: boolean };

/**
 * How bad requests come together: the shortest block whose neighbours do not resemble each other, doubled for safety,
 * and how much more the blocks differ than independent requests would (Pearson's statistic, at least 1).
 */
function burstsIn(marks: readonly { atMs: number; bad: boolean }[], everyMs: number): Bursts {
  const shortest = Math.max(shortestMs, everyMs);
  let dispersion = 1;
  let lengthMs = shortest;
  let independent = false;
  for (const factor of ladder) {
    const blocks = blocksOf(marks, shortest * factor);
    if (blocks.length < leastBlocks) break;
    dispersion = Math.max(dispersion, pearson(blocks));
    lengthMs = shortest * factor;
    if (resembleNeighbours(blocks)) continue;
    // Four deviations of Pearson's statistic: blocks differ as those of independent requests do.
    independent = lengthMs === shortest && dispersion < 1 + 4 * Math.sqrt(2 / blocks.length);
    break;
  }
  return { blockMs: lengthMs === shortest ? shortest : 2 * lengthMs, dispersion, independent };
}

function blocksOf(marks: readonly { atMs: number; bad: boolean }[], lengthMs: number): Block[] {
  const blocks = new Map<number, Block>();
  for (const { atMs, bad } of marks) {
    const key = Math.floor(atMs / lengthMs);
    const block = blocks.get(key) ?? { n: 0, bad: 0 };
    block.n += 1;
    if (bad) block.bad += 1;
    blocks.set(key, block);
  }
  return [...blocks.entries()].sort(([a], [b]) => a - b).map(([, block]) => block);
}

function pearson(blocks: readonly Block[]): number {
  const share = shareOf(blocks);
  if (share === 0 || share === 1) return 1;
  const sum = blocks.reduce((total, { n, bad }) => total + (bad - share * n) ** 2 / (share * (1 - share) * n), 0);
  return sum / (blocks.length - 1);
}

function shareOf(blocks: readonly Block[]): number {
  const n = blocks.reduce((total, block) => total + block.n, 0);
  return n === 0 ? 0 : blocks.reduce((total, block) => total + block.bad, 0) / n;
}

/** By the correlation of each block with the next one; chance alone exceeds three deviations once in 700 times. */
function resembleNeighbours(blocks: readonly Block[]): boolean {
  const share = shareOf(blocks);
  const off = blocks.map(({ n, bad }) => bad - share * n);
  const square = off.reduce((total, each) => total + each * each, 0);
  if (square === 0) return false;
  const together = off.reduce((total, each, index) => total + each * (off[index + 1] ?? 0), 0);
  return together / square > 3 / Math.sqrt(blocks.length);
}
