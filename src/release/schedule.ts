import type { PlannedWatch } from './plan.ts';

/**
 * The points at which a watch reports, in epoch milliseconds after `start`: each stretch in turn, every `everyMs` and at
 * its end. A stretch that its interval does not divide, or that is shorter than it, ends with a shorter wait.
 */
export function pointsOf({ stretches }: Pick<PlannedWatch, 'stretches'>, start: number): number[] {
  const points: number[] = [];
  let at = start;
  for (const { everyMs, forMs } of stretches) {
    const end = at + forMs;
    for (let point = at + everyMs; point < end; point += everyMs) points.push(point);
    points.push(end);
    at = end;
  }
  return points;
}
