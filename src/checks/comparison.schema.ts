import { z } from 'zod';

const number = z.number({ error: 'must be a number, in the unit of the metric' });

/** One of the four ways in which a value can be on the wrong side. */
export const comparisonFields = {
  above: number.optional().describe('Bad above this'),
  atLeast: number.optional().describe('Bad from this on'),
  below: number.optional().describe('Bad below this'),
  atMost: number.optional().describe('Bad down to this'),
};

/** How many of the four are written; more than one contradict each other. */
export function comparisons(written: object): number {
  return Object.keys(comparisonFields).filter((word) => Reflect.get(written, word) !== undefined).length;
}
