import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Age, incompatiblePairs, isChanged, mayRun } from '../../src/release/compatibility.ts';
import { type Restorable, type Stage, stagesOf, type WayBack } from '../../src/release/procedure.ts';
import { anyRestorables } from './situations.ts';

/** Any way back that the policy could decide: it leaves no incompatible pair, whatever is held already. */
const anyWayBack: fc.Arbitrary<WayBack> = anyRestorables.chain((targets) => {
  const changed = targets.filter(isChanged).map(({ name }) => name);
  const holding = targets.filter(({ holds }) => holds).map(({ name }) => name);
  return fc.record({ some: fc.subarray(changed), held: fc.subarray(holding) }).map(({ some, held }) => ({
    targets,
    held,
    restore: incompatiblePairs(targets, some).length === 0 ? some : changed,
  }));
});

type World = { age: Map<string, Age>; held: Set<string> };

function worldOf({ targets, held }: WayBack): World {
  const age = new Map(targets.map((target) => [target.name, isChanged(target) ? 'new' : 'old'] as const));
  return { age, held: new Set(held) };
}

function carryOut(world: World, stage: Stage, targets: readonly Restorable[]): void {
  if (stage.do === 'hold') world.held.add(stage.target);
  if (stage.do === 'resume') world.held.delete(stage.target);
  if (stage.do !== 'restore') return;
  world.age.set(stage.target, 'old');
  const target = targets.find(({ name }) => name === stage.target);
  if (target?.stores === false) world.held.delete(stage.target);
}

/** Code that runs on an open database, whose schema this release changed, although the plan does not say that it may. */
function harmful({ age, held }: World, targets: readonly Restorable[]): string[] {
  const running = targets.filter(({ name }) => !held.has(name));
  const ageOf = ({ name }: Restorable): Age => age.get(name) ?? 'old';
  return running
    .filter((target) => target.stores && isChanged(target))
    .flatMap((data) => {
      const declared = data.compatibility ?? { backward: false, forward: false };
      const wrong = running.filter((each) => !each.stores && !mayRun(ageOf(each), ageOf(data), declared));
      return wrong.map((each) => `${ageOf(each)} ${each.name} on ${ageOf(data)} ${data.name}`);
    });
}

const often = { numRuns: 5_000 };

describe('in every way back of every plan', () => {
  test('each chosen target is restored exactly once, and no other', () => {
    fc.assert(
      fc.property(anyWayBack, (way) => {
        const restored = stagesOf(way).filter((stage) => stage.do === 'restore');
        expect(restored.map(({ target }) => target).sort()).toEqual([...way.restore].sort());
        expect(new Set(stagesOf(way).map(({ id }) => id)).size).toBe(stagesOf(way).length);
      }),
      often,
    );
  });

  test('a stage waits only for stages before it', () => {
    fc.assert(
      fc.property(anyWayBack, (way) => {
        const seen = new Set<string>();
        for (const { id, after } of stagesOf(way)) {
          for (const awaited of after) expect(seen).toContain(awaited);
          seen.add(id);
        }
      }),
      often,
    );
  });

  test('a database is held while it is restored, and everything is open at the end', () => {
    fc.assert(
      fc.property(anyWayBack, (way) => {
        const world = worldOf(way);
        for (const stage of stagesOf(way)) {
          const stores = way.targets.some(({ name, stores: data }) => name === stage.target && data);
          if (stage.do === 'restore' && stores) expect(world.held).toContain(stage.target);
          if (stage.do === 'resume') expect(world.held).toContain(stage.target);
          if (stage.do === 'hold') expect(world.held).not.toContain(stage.target);
          carryOut(world, stage, way.targets);
        }
        expect([...world.held]).toEqual([]);
        expect(harmful(world, way.targets)).toEqual([]);
      }),
      often,
    );
  });

  test('no code runs in between on a schema that it may not see, whichever stages fail', () => {
    fc.assert(
      fc.property(anyWayBack, fc.infiniteStream(fc.boolean()), (way, fails) => {
        const world = worldOf(way);
        const before = harmful(world, way.targets);
        const left = new Set<string>();
        for (const stage of stagesOf(way)) {
          if (stage.after.some((id) => left.has(id)) || fails.next().value) {
            left.add(stage.id);
            continue;
          }
          carryOut(world, stage, way.targets);
          expect(before).toEqual(expect.arrayContaining(harmful(world, way.targets)));
        }
      }),
      often,
    );
  });
});
