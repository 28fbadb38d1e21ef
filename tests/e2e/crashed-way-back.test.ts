import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RealTold, runReal } from '../crash/real/run.ts';
import { realScenes } from '../crash/real/scenes.ts';
import type { Strike } from '../crash/strike.ts';
import { openStage, type Stage } from '../support/world.ts';

/** Two of the cases of `npm run test:crash -- --real`: the database is exchanged, and the worker cannot tell anybody. */
let stage: Stage;
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage?.stop());

async function struck(name: string, strike: Strike): Promise<RealTold> {
  const scene = realScenes.find((each) => each.name === 'real, rows carried over');
  if (scene === undefined) throw new Error('there is no such scene');
  return await runReal(stage, { scene, name, strike });
}

describe('a database that goes back with the orders that came in meanwhile', () => {
  it.each([
    ['the answer is lost', 'lost-answer', 'answer lost'],
    ['the worker is killed right after it', 'lost-worker', 'killed after'],
  ] as const)('is exchanged once when %s, and has every order once', async (_, name, way) => {
    const told = await struck(name, { point: 'restore database', way });
    expect(told.wrong).toEqual([]);
    expect(told.result).toMatchObject({ outcome: 'rolled-back', failedStep: 'migrate database', rowsLost: 0 });
    const attempts = told.entries.filter(({ what, point }) => what === 'arrived' && point === 'restore database');
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(told.kept).toContain(`${name}_superseded_`);
    expect(told.carried).toBeGreaterThan(0);
    expect(told.confirmed).toBeGreaterThan(told.carried);
  });
});
