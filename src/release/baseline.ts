import { type Interval, rankAbove, ranksAround, shareAtMost, wilson } from './intervals.ts';
import { type Grounds, gather, leastSpellMs, openCells } from './onsets.ts';
import { percentile, type Sample } from './statistics.ts';

/** One request of the version that runs before the release. `atMs`: epoch milliseconds. */
export type Timed = { atMs: number; sample: Sample };

export type Quantile = 'p50' | 'p95' | 'p99';

/** Share of requests that a quantile leaves above it. */
export const shareAbove: Record<Quantile, number> = { p50: 0.5, p95: 0.05, p99: 0.01 };

/**
 * What was measured of one thing, in its unit (per cent or milliseconds). `atMost`: exceeded by the truth with the risk
 * that was asked for only. `blockMs`: bad requests nearer than this may come from the same cause. `independent`: within that
 * time they come together no more often than chance would have it. `onsets`: where that is not known of errors, how often
 * they begin.
 */
export type Normal = {
  value: number;
  interval: Interval;
  atMost: number;
  blockMs: number;
  independent: boolean;
  onsets?: Onsets;
};

/** `atMost`: share of quiet cells in which errors begin, exceeded by the truth with the risk that was asked for only. */
export type Onsets = Pick<Grounds, 'cellMs' | 'usual'> & { atMost: number };

/** How the running version does, before anything is changed; JSON without secrets. `n`: requests. */
export type Baseline = { n: number; errors: Normal } & Record<Quantile, Normal | null>;

/** Blocks that are tried, in multiples of the shortest one. */
const ladder: readonly number[] = [1, 2, 5, 10, 20, 60];
const leastBlocks = 10;
const shortestMs = 1_000;

/** No burst is expected to last longer, as long as nothing shows it. */
const burstMs = 20_000;

/** Errors that came one by one so often are taken to come so. */
const eventsOfSingles = 3;

/** Bursts fewer than this say little about the next one. */
const eventsOfBursts = 5;

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
  const { blockMs, dispersion, independent: isEven } = burstsIn(marks, everyMs);
  const { cells, events, usual, cellMs, lengthMs } = onsetsIn(marks, everyMs, blockMs);
  const independent = isEven && (events >= eventsOfSingles || everyMs >= burstMs);
  const bad = marks.filter((mark) => mark.bad).length;
  const n = samples.length / dispersion;
  const { low, high } = wilson(bad / dispersion, n);
  const value = samples.length === 0 ? 0 : (bad / samples.length) * 100;
  const normal = { value, interval: { low: low * 100, high: high * 100 }, blockMs, independent };
  if (independent) return { ...normal, atMost: shareAtMost(bad / dispersion, n, risk) * 100 };
  // Of few bursts an hour says as much as it has room for bursts: the next one may be a long one.
  const known = events < eventsOfBursts ? Math.min(n, lengthMs / burstMs) : n;
  const atMost = shareAtMost((known * value) / 100, known, risk / 2) * 100;
  return { ...normal, atMost, onsets: { cellMs, usual, atMost: shareAtMost(events, cells, risk / 2) } };
}

/** How often errors begin; `cells`: those in which they could. */
function onsetsIn(marks: readonly { atMs: number; bad: boolean }[], everyMs: number, blockMs: number) {
  const cellMs = Math.max(shortestMs, everyMs);
  const all = new Set(marks.map(({ atMs }) => Math.floor(atMs / cellMs))).size;
  const grounds = { cellMs, usual: 1, spellMs: Math.max(leastSpellMs, blockMs) };
  const state = openCells();
  let cells = 0;
  let events = 0;
  for (const { atMs, bad } of marks) {
    const cell = gather(grounds, state, { atMs, n: 1, bad: bad ? 1 : 0 });
    if (cell === null) continue;
    cells += 1;
    if (cell.bad > 0) events += 1;
  }
  return { cellMs, cells, events, usual: all === 0 ? 1 : marks.length / all, lengthMs: all * cellMs };
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
