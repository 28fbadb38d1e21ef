import fc from 'fast-check';
import type { Json } from '../../../src/release/json.ts';
import type { Plan, PlannedStep } from '../../../src/release/plan.ts';
import { memorySchema } from '../../../src/targets/memory/memory.schema.ts';
import { anyPlan } from '../plans.ts';

/** What people, users and accidents do, one after the other; what is not possible just then is left out. */
export type Act =
  | { do: 'wait'; ms: number }
  | { do: 'answer'; which: number; upTo: number | null }
  | { do: 'wrong-person' | 'wrong-choice' | 'wrong-question' | 'on-it' }
  | { do: 'write'; rows: number }
  | { do: 'abort'; goBack: boolean | null }
  | { do: 'roll-back' | 'cancel' | 'pause' | 'second-start' }
  | { do: 'terminate'; next: 'restore' | 'resume' };

type Fault = { verb: string; kind: string; when: string; times: number };
type Drawn = { faults: Fault[]; workMs: number; slow: string; bad: boolean; critical: boolean };

/** Everything that is drawn before a run begins. A seed gives the same script again; how the machine times it is its own. */
export type Script = { plan: Plan; acts: Act[] };

const minute = 60_000;

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(200, 1000, 31 * minute) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which: fc.nat({ max: 6 }),
      upTo: fc.option(fc.nat({ max: 5 }), { nil: null }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Act[]>(
      { do: 'wrong-person' },
      { do: 'wrong-choice' },
      { do: 'wrong-question' },
      { do: 'on-it' },
    ),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), rows: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('abort' as const), goBack: fc.option(fc.boolean(), { nil: null }) }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Act[]>({ do: 'roll-back' }, { do: 'cancel' }, { do: 'pause' }, { do: 'second-start' }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('terminate' as const),
      next: fc.constantFrom('restore' as const, 'resume' as const),
    }),
  },
);

const verb = fc.constantFrom(
  ...['save', 'apply', 'apply', 'apply', 'restore', 'restore', 'hold', 'resume', 'compare', 'beside', 'loss'],
);
const times = fc.integer({ min: 1, max: 2 });
const final = fc.constantFrom('failed', 'failed', 'unknown', 'timed-out', 'bug');

/** A world takes the half of a change for the whole when it is tried again, so only a final failure leaves one. */
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ verb, kind: final, when: fc.constantFrom('before', 'half', 'after'), times }),
  fc.record({ verb, kind: fc.constantFrom('unreachable', 'busy'), when: fc.constantFrom('before', 'after'), times }),
);

const drawn: fc.Arbitrary<Drawn> = fc.record({
  faults: fc.array(fault, { maxLength: 2 }),
  workMs: fc.constantFrom(0, 0, 0, 120),
  slow: fc.constantFrom('apply', 'restore', 'save', 'hold'),
  bad: fc.integer({ min: 0, max: 5 }).map((luck) => luck === 0),
  critical: fc.boolean(),
});

export const anyScript: fc.Arbitrary<Script> = fc
  .record({
    plan: anyPlan,
    drawn: fc.array(drawn, { minLength: 5, maxLength: 5 }),
    evidence: fc.record({ bad: fc.nat({ max: 2 }).map((luck) => luck === 0), critical: fc.boolean() }),
    gate: fc.boolean(),
    acts: fc.array(act, { maxLength: 25 }),
  })
  .map(({ plan, acts, ...rest }) => ({ plan: planned(plan, rest), acts }));

type Rest = { drawn: readonly Drawn[]; evidence: { bad: boolean; critical: boolean }; gate: boolean };

function planned(plan: Plan, { drawn: all, evidence, gate }: Rest): Plan {
  const targets = plan.targets.map((target, index) => {
    const { faults = [], workMs = 0, slow = 'apply' } = all[index] ?? {};
    const written = {
      world: target.name,
      initial: 'v1',
      faults,
      ...(workMs === 0 ? {} : { workMs: { [slow]: `${workMs}ms` } }),
    };
    // What the schema makes of it, as plain JSON.
    const spec: Json = JSON.parse(JSON.stringify(memorySchema.parse(written)));
    return { ...target, spec };
  });
  const badOf = (step: PlannedStep): { bad: boolean; critical: boolean } => {
    const index = plan.targets.findIndex(({ name }) => name === step.target);
    return step.phase === 'change' ? (all[index] ?? evidence) : evidence;
  };
  const steps = plan.steps.map((step) => {
    const { bad, critical } = badOf(step);
    const checks = step.checks.map((check) => ({ ...check, critical, withinMs: 0, spec: asking(check.spec, bad) }));
    return { ...step, checks };
  });
  const deciders = ['product-owner'];
  const rules = { ...plan.questions, deciders, needs: 1, notRequester: false };
  return {
    ...plan,
    targets,
    steps,
    questions: rules,
    gate: gate ? { ...rules, notRequester: true } : null,
    afterRollback: [],
  };
}

/** A command that answers well or badly. */
function asking(spec: Json, bad: boolean): Json {
  return spec !== null && typeof spec === 'object' && !Array.isArray(spec)
    ? { ...spec, run: [bad ? 'false' : 'true'] }
    : spec;
}

/** A plan of its own for one run, so that worlds and locks of runs stay apart. */
export function named({ plan }: Script, application: string): Plan {
  const targets = plan.targets.map((target) => {
    const { spec } = target;
    if (spec === null || typeof spec !== 'object' || Array.isArray(spec)) return target;
    return { ...target, spec: { ...spec, world: worldOf(application, target.name) } };
  });
  return { ...plan, application, targets };
}

export function worldOf(application: string, target: string): string {
  return `${application}-${target}`;
}
