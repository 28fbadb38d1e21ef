/** A range that holds the true value with a stated confidence; both ends in the unit of the value. */
export type Interval = { low: number; high: number };

/** Of the normal distribution: 95 % lie within this many deviations. */
export const z95 = 1.959964;

/** How far from `share` another share is, in nats per request: the exponent of Chernoff's bound. */
function divergence(share: number, other: number): number {
  const part = (p: number, q: number): number => (p === 0 ? 0 : p * Math.log(p / q));
  return part(share, other) + part(1 - share, 1 - other);
}

/** Wilson's interval for the share of `bad` in `n`, 0 to 1; everything is possible of nothing. */
export function wilson(bad: number, n: number, z = z95): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const share = bad / n;
  const square = (z * z) / n;
  const middle = (share + square / 2) / (1 + square);
  const half = (z / (1 + square)) * Math.sqrt((share * (1 - share)) / n + square / (4 * n));
  return { low: Math.max(0, Math.min(share, middle - half)), high: Math.min(1, Math.max(share, middle + half)) };
}

/**
 * Newcombe's interval for how much higher the second share is, -1 to 1: the distances of both Wilson intervals added
 * as squares (Newcombe 1998, method 10).
 */
export function newcombe(before: { bad: number; n: number }, after: { bad: number; n: number }, z = z95): Interval {
  const from = before.n === 0 ? 0 : before.bad / before.n;
  const to = after.n === 0 ? 0 : after.bad / after.n;
  const was = wilson(before.bad, before.n, z);
  const is = wilson(after.bad, after.n, z);
  return {
    low: to - from - Math.hypot(to - is.low, was.high - from),
    high: to - from + Math.hypot(is.high - to, from - was.low),
  };
}

/**
 * A share that is exceeded with at most the probability `risk`, after `bad` of `n`; counts need not be whole. By the lower
 * of Chernoff's bound and Zubkov's and Serov's (A complete proof of universal inequalities for the distribution function of
 * the binomial law, 2013); both hold for every `n`.
 */
export function shareAtMost(bad: number, n: number, risk: number): number {
  if (n <= 0) return 1;
  const share = Math.min(1, bad / n);
  const next = (bad + 1) / n;
  const square = deviations(risk) ** 2 / 2;
  return farthest(share, 1, (other) => {
    if (n * divergence(share, other) > Math.log(1 / risk)) return false;
    return next >= 1 || other <= next || n * divergence(next, other) <= square;
  });
}

/** The share of a sorted series of `n` at whose rank the value is, with the same risk, above the true `share` quantile. */
export function rankAbove(share: number, n: number, risk: number): number {
  if (n <= 0) return 1;
  const square = deviations(risk) ** 2 / 2;
  return farthest(share, 1, (other) => {
    if (n * divergence(other, share) > Math.log(1 / risk)) return false;
    return n * divergence(Math.max(share, other - 1 / n), share) <= square;
  });
}

/** Deviations that a normal variable exceeds with at most this probability, by the bound of Szarek and Werner for its tail. */
function deviations(risk: number): number {
  const tail = (z: number): number =>
    (4 * Math.exp((-z * z) / 2)) / (3 * z + Math.sqrt(z * z + 8)) / Math.sqrt(2 * Math.PI);
  return farthest(0, 40, (z) => tail(z) > risk);
}

/** The two ranks, as shares, between which the true quantile lies: the order statistics around it. */
export function ranksAround(share: number, n: number, z = z95): Interval {
  const half = n === 0 ? 1 : z * Math.sqrt((share * (1 - share)) / n);
  return { low: Math.max(0, share - half), high: Math.min(1, share + half) };
}

/** The last point between `from` and `to` where `holds` is still true; it is true at `from` and stays false once false. */
function farthest(from: number, to: number, holds: (at: number) => boolean): number {
  let inside = from;
  let outside = to;
  for (let step = 0; step < 60; step += 1) {
    const middle = (inside + outside) / 2;
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
  return outside;
}
