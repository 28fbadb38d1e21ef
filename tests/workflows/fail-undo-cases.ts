import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';
import type { Plan, PlannedStep } from '../../src/release/plan.ts';
import type { ReleaseResult, ReleaseStatus } from '../../src/release/status.ts';
import { benchForFile } from '../support/file-bench.ts';
import type { Handle } from '../support/release.ts';
import {
  acts,
  answer,
  failing,
  goOn,
  look,
  renamed,
  type Sight,
  startAnswering,
  startPlan,
  type Undo,
  undoFails,
  wholePlan,
  withFault,
} from './fail-undo-runs.ts';

type Place = { home: string; origin: string };

async function planOf(compatibility: string, { home, origin }: Place): Promise<Plan> {
  const file = join(home, `${compatibility}.yaml`);
  writeFileSync(file, stringify(wholePlan(compatibility, compatibility, origin)));
  const loaded = await loadPlan(file, 'v2', { host: 'test' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.plan;
}

/** A release in which no undo fails: what it restores, and what the worlds are afterwards. */
type Reference = { client: Client; plan: Plan; result: ReleaseResult; worlds: Record<string, Sight>; undos: Undo[] };

async function refer(client: Client, whole: Plan, step: PlannedStep): Promise<Reference> {
  const plan = renamed(failing(whole, step), `${whole.application}-${step.id.replaceAll(' ', '-')}`);
  const { status, result } = await goOn(await startPlan(client, plan));
  if (result === null) throw new Error(`blocked without a failing undo: ${status.question?.why}`);
  return { client, plan, result, worlds: look(plan), undos: undosOf(plan, status, result) };
}

/** Every restore, and every other verb that only the way back used. Writers that were held before are not told apart. */
function undosOf(plan: Plan, { steps }: ReleaseStatus, { failedStep, restored }: ReleaseResult): Undo[] {
  const failedAt = Date.parse(steps.find(({ id }) => id === failedStep)?.endedAt ?? '');
  const before = acts(plan).filter(({ at }) => at < failedAt);
  const isNew = ({ target, verb }: Undo): boolean =>
    !before.some((each) => each.target === target && each.verb === verb);
  const others = acts(plan).filter(({ at, verb }) => at >= failedAt && verb !== 'restore');
  const all = [...restored.map(({ target }) => ({ target, verb: 'restore' })), ...others.filter(isNew)];
  return [...new Map(all.map(({ target, verb }) => [`${verb} ${target}`, { target, verb }])).values()];
}

/** The reference again, on worlds of its own, with an undo that fails so often. */
function withUndo({ plan }: Reference, { target, verb }: Undo, times: number): Plan {
  const name = `${plan.application}-${verb}-${target}-${times}`;
  return renamed(withFault(plan, target, { verb, times, message: undoFails }), name);
}

/** What must be true of every release that waits in `blocked`, whatever failed. */
function expectHonest({ plan, worlds }: Reference, blocked: ReleaseStatus, own: Plan): void {
  const { question, restored } = blocked;
  expect(question?.text).toMatch(/^The way back is blocked at /);
  expect(question?.why).toContain(undoFails);
  const now = look(own);
  const saidBack = restored.filter(({ state }) => state === 'restored').map(({ target }) => target);
  for (const target of saidBack) {
    expect(now[target]?.state, target).toEqual(worlds[target]?.state);
    expect(restored.find((each) => each.target === target)?.proved).not.toBe('unproved');
  }
  const listed = /^Restored: (.*)\. Left:/.exec(question?.why ?? '')?.[1];
  expect(listed).toBe(saidBack.length === 0 ? 'nothing yet' : saidBack.join(', '));
  expectPairs(own, plan);
}

/** No code runs on a schema that the plan does not allow. What is held does not run. */
function expectPairs(own: Plan, { targets }: Plan): void {
  const { database, ...code } = look(own);
  if (database === undefined || database.held) return;
  const backward = targets.find(({ name }) => name === 'database')?.compatibility?.backward ?? false;
  const schema = database.state.schema === 'v1' ? 'old' : 'new';
  for (const [name, { state, held }] of Object.entries(code)) {
    const age = state.version === 'v1' ? 'old' : 'new';
    if (held || age === schema) continue;
    expect({ name, age, schema, backward }).toMatchObject({ age: 'old', backward: true });
  }
}

/** The undo fails once, and a person says `retry`. */
async function failOnce(reference: Reference, undo: Undo): Promise<void> {
  const own = withUndo(reference, undo, 1);
  const handle = await startPlan(reference.client, own);
  let { status, result } = await goOn(handle);
  if (undo.verb === 'restore') expect(result).toBeNull();
  if (result === null) {
    expectHonest(reference, status, own);
    await answer(handle, status.question?.id ?? '', 'retry');
    ({ status, result } = await goOn(handle));
  }
  const { outcome, restored, stays } = reference.result;
  expect(result).toMatchObject({ outcome, stays });
  expect(result?.restored.map(({ target, proved }) => ({ target, proved }))).toEqual(
    restored.map(({ target, proved }) => ({ target, proved })),
  );
  expect(look(own)).toEqual(reference.worlds);
}

/** The undo of a target fails for ever. What does not depend on it goes back all the same. */
async function failForEver(reference: Reference, undo: Undo): Promise<void> {
  const own = withUndo(reference, undo, 99);
  const handle = await startPlan(reference.client, own);
  const { status, result } = await goOn(handle);
  expect(result).toBeNull();
  expectHonest(reference, status, own);
  const left = leftOf(reference, undo);
  const named = status.question?.text.replace('The way back is blocked at ', '').split(', ') ?? [];
  const isBack = (target: string): boolean =>
    status.restored.some((each) => each.target === target && each.state === 'restored');
  expect(reference.result.restored.map(({ target }) => target).filter((target) => !isBack(target))).toEqual(left);
  for (const target of left) expect(named).toContain(target);
  const question = status.question?.id ?? '';
  const offersSkip = status.question?.choices.some(({ id }) => id === 'skip') ?? false;
  expect(offersSkip).toBe(maySkip(reference, left));
  if (offersSkip) await skip(reference, undo);
  else await expect(answer(handle, question, 'skip')).rejects.toThrow();
  await abandon(handle, { own, reference, question });
}

/** A breaking database goes first: no code goes back while it has not. Everything else goes back by itself. */
function leftOf({ plan, result }: Reference, { target }: Undo): string[] {
  const goesFirst = plan.targets.some(
    ({ name, compatibility }) => name === target && compatibility !== null && !compatibility.backward,
  );
  return result.restored.map((each) => each.target).filter((name) => goesFirst || name === target);
}

/** Leaving these as they are is safe where new code does not meet the old schema, nor old code a schema that breaks it. */
function maySkip({ plan, result, worlds }: Reference, left: readonly string[]): boolean {
  const restored = result.restored.map(({ target }) => target);
  const isNew = (name: string): boolean =>
    left.includes(name) || (!restored.includes(name) && worlds[name]?.state.version !== 'v1');
  const schemaIsNew = left.includes('database') || worlds.database?.state.schema !== 'v1';
  const { backward } = plan.targets.find(({ name }) => name === 'database')?.compatibility ?? { backward: false };
  const code = plan.targets.filter(({ traits }) => !traits.stores).map(({ name }) => name);
  return code.every((name) => isNew(name) === schemaIsNew || (schemaIsNew && backward));
}

/** The same once more, and a person leaves what cannot be restored. */
async function skip(reference: Reference, undo: Undo): Promise<void> {
  const own = withUndo(reference, undo, 98);
  const handle = await startPlan(reference.client, own);
  const { status } = await goOn(handle);
  await answer(handle, status.question?.id ?? '', 'skip');
  const { result } = await goOn(handle);
  expect(result).toMatchObject({ outcome: 'partly-rolled-back', decidedBy: { choice: 'skip' } });
  expect(result?.stays).toContain(undo.target);
  expect(result?.restored.map(({ target }) => target)).not.toContain(undo.target);
  for (const [name, { held }] of Object.entries(look(own))) expect({ name, held }).toEqual({ name, held: false });
  expectPairs(own, own);
}

type Giving = { own: Plan; reference: Reference; question: string };

/** A person gives up: red and dirty, the next start is refused, and `--restore` finishes it once the undo works. */
async function abandon(handle: Handle, { own, reference, question }: Giving): Promise<void> {
  await answer(handle, question, 'abandon');
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  const repaired = renamed(reference.plan, own.application);
  const refused = await (await startPlan(reference.client, repaired)).result();
  expect(refused).toMatchObject({ outcome: 'stopped', dirty: { ended: expect.any(String), version: 'v2' } });
  const again = await startPlan(reference.client, repaired, { as: 'restore', reason: 'it works now' });
  const { status, result } = await goOn(again);
  const why = `${status.question?.why} ${JSON.stringify(status.timeline.slice(-6))}`;
  expect(result, why).not.toBeNull();
  expect({ result }).toMatchObject({ result: { outcome: 'rolled-back', dirty: null } });
  for (const { target } of reference.result.restored) {
    expect(look(own)[target], target).toEqual(reference.worlds[target]);
  }
  for (const [name, { held }] of Object.entries(look(own))) expect({ name, held }).toEqual({ name, held: false });
  expectPairs(own, own);
}

/** A target is surveyed twice before anything is changed, and a fault strikes the first time. */
function canFail({ steps }: Plan): PlannedStep[] {
  const isFirst = (step: PlannedStep, index: number): boolean =>
    steps.findIndex(({ activity, target }) => activity === step.activity && target === step.target) === index;
  return steps.filter((step, index) => step.checks.length > 0 || isFirst(step, index));
}

/**
 * Step i fails, then the undo of step j: for every step of the plan and every target that its failure brings back. Steps
 * come from the normalised plan, undos from a run in which no undo fails. Each plan has a test file of its own, so that
 * the two can run beside each other.
 */
export async function describeFailUndo(compatibility: 'backward' | 'breaking'): Promise<void> {
  const answering = await startAnswering();
  const home = mkdtempSync(join(tmpdir(), 'savepoint-fail-undo-'));
  const bench = benchForFile();
  afterAll(() => {
    answering.close();
    rmSync(home, { recursive: true, force: true });
  });
  vi.setConfig({ testTimeout: 300_000, maxConcurrency: 4 });
  const plan = await planOf(compatibility, { home, origin: answering.origin });
  describe.concurrent(`when a step of the ${compatibility} plan fails, and then an undo`, () => {
    it.each(canFail(plan))('$id: rolled back and proved, or blocked with exactly what is left', async (step) => {
      const { client } = bench();
      const reference = await refer(client, plan, step);
      const { outcome, failedStep } = reference.result;
      expect(failedStep).toBe(step.id);
      expect(['stopped', 'rolled-back', 'released-by-decision']).toContain(outcome);
      for (const [name, { held }] of Object.entries(reference.worlds))
        expect({ name, held }).toEqual({ name, held: false });
      const tryUndo = async (undo: Undo): Promise<void> => {
        await failOnce(reference, undo);
        if (undo.verb === 'restore') await failForEver(reference, undo);
      };
      await Promise.all(reference.undos.map(tryUndo));
    });
  });
}
