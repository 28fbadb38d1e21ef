/** Times in milliseconds from the start at which requests are due, evenly, the first at once. */
export type Arrivals = { total: number; dueAt(index: number): number };

export function arrivals(perSecond: number, lengthMs: number): Arrivals {
  return { total: Math.ceil((lengthMs / 1000) * perSecond), dueAt: (index) => (index / perSecond) * 1000 };
}

/**
 * Says which of several comes next, so that each has its share at all times and not only in the end: the smooth weighted
 * round robin of nginx.
 */
export function turns(weights: readonly number[]): () => number {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const standing = weights.map(() => 0);
  return () => {
    let best = 0;
    for (const [index, weight] of weights.entries()) {
      standing[index] = (standing[index] ?? 0) + weight;
      if ((standing[index] ?? 0) > (standing[best] ?? 0)) best = index;
    }
    standing[best] = (standing[best] ?? 0) - whole;
    return best;
  };
}
