import fc from 'fast-check';
import type { TargetFacts } from '../../src/release/compatibility.ts';
import type { Compatibility, StepActivity } from '../../src/release/plan.ts';
import type { Situation } from '../../src/release/policy.ts';
import type { Restorable } from '../../src/release/procedure.ts';

export const backward: Compatibility = { backward: true, forward: false };
export const forward: Compatibility = { backward: false, forward: true };
export const both: Compatibility = { backward: true, forward: true };
export const breaking: Compatibility = { backward: false, forward: false };

/** A changed database with a backward migration; `more` says what is different. */
export function database(more: Partial<TargetFacts> = {}): TargetFacts {
  const usual = { stores: true, compatibility: backward, changed: true, scope: 'all', standing: null } as const;
  return { name: 'database', ...usual, ...more };
}

/** A changed service; `more` says what is different. */
export function code(name: string, more: Partial<TargetFacts> = {}): TargetFacts {
  return { name, stores: false, compatibility: null, changed: true, scope: 'all', standing: null, ...more };
}

export function untouched(...names: string[]): TargetFacts[] {
  return names.map((name) => code(name, { changed: false }));
}

/** A critical failure of a step while users write and nobody measured the loss; `more` says what is different. */
export function situation(
  activity: Situation['step']['activity'],
  target: string | null,
  more: Partial<Situation> = {},
): Situation {
  const usual = { cause: 'failed', targets: [], heldSinceSavepoint: false, loss: null } as const;
  return { step: { activity, target }, ...usual, ...more };
}

export const declared = fc.constantFrom(backward, forward, both, breaking);

const facts = fc.record({
  stores: fc.boolean(),
  compatibility: declared,
  changed: fc.boolean(),
  scope: fc.constantFrom<TargetFacts['scope'][]>('all', 'self'),
  standing: fc.constantFrom<TargetFacts['standing'][]>(null, 'equal', 'differs', 'unknown'),
});

/** One to five targets of any plan, in any state. */
export const anyTargets: fc.Arbitrary<TargetFacts[]> = fc
  .array(facts, { minLength: 1, maxLength: 5 })
  .map((all) => all.map((each, index) => named(each, index)));

function named(each: Omit<TargetFacts, 'name'>, index: number): TargetFacts {
  const { stores, standing, compatibility } = each;
  // Only what holds data is ever compared, and a code target declares nothing.
  const own = stores ? { standing, compatibility } : { standing: standing === 'equal' ? standing : null };
  return { ...each, compatibility: null, ...own, name: `${stores ? 'data' : 'code'}-${index}` };
}

const activities: (StepActivity | 'watch')[] = [
  ...(['prepare', 'survey', 'preflight', 'hold', 'snapshot', 'migrate', 'verify', 'seed', 'resume'] as const),
  ...(['deploy', 'logs', 'invalidate', 'smoke', 'performance', 'monitoring', 'watch'] as const),
];

/** Anything that can go wrong in any plan. */
export const anySituation: fc.Arbitrary<Situation> = anyTargets.chain((targets) =>
  fc.record({
    step: fc.record({
      activity: fc.constantFrom(...activities),
      target: fc.constantFrom(null, ...targets.map(({ name }) => name)),
    }),
    cause: fc.constantFrom<Situation['cause'][]>('failed', 'consult', 'unknown'),
    targets: fc.constant(targets),
    heldSinceSavepoint: fc.boolean(),
    loss: fc.constantFrom(null, 0, 1, 40),
  }),
);

/** Targets with what their kinds can do; every kind that holds data can keep writers out. */
export const anyRestorables: fc.Arbitrary<Restorable[]> = anyTargets.chain((targets) =>
  fc.tuple(...targets.map((target) => restorable(target, targets))),
);

function restorable(target: TargetFacts, targets: readonly TargetFacts[]): fc.Arbitrary<Restorable> {
  const others = targets.filter(({ stores }) => !stores).map(({ name }) => name);
  return fc
    .record({ holds: fc.boolean(), writers: fc.subarray(target.stores ? others : []) })
    .map(({ holds, writers }) => ({ ...target, holds: target.stores || holds, writers }));
}
