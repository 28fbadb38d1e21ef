import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Matrix, openMatrix } from './matrix.ts';
import { casesOf, missingStages, missingSteps, pointsOf } from './points.ts';
import { sampled } from './sample.ts';

/** All of it runs with `npm run test:crash`. On a busy machine a case may wait long for a heartbeat that does not come. */
const size = 12;
const seed = 4;

describe('a release that is struck', () => {
  let matrix: Matrix;
  beforeAll(async () => {
    matrix = await openMatrix();
  }, 240_000);
  afterAll(() => matrix?.close());

  it('can be struck at every step of its plan and at every restore', () => {
    expect([...missingSteps(matrix.references), ...missingStages(matrix.references)]).toEqual([]);
  });

  it(`ends as it would have, with every effect once: ${size} cases by seed ${seed}`, async () => {
    const rows = await matrix.run(sampled(casesOf(pointsOf(matrix.references)), seed, size));
    expect(rows).toHaveLength(size);
    expect(rows.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  }, 600_000);
});
