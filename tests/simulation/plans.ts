import fc from 'fast-check';
import { normalise } from '../../src/plan/normalise.ts';
import { rules } from '../../src/plan/rules/all.ts';
import { sayings } from '../../src/plan/rules/rule.ts';
import { releaseSchema } from '../../src/plan/schema/release.schema.ts';
import type { DataLossRule, Plan, PlannedTarget } from '../../src/release/plan.ts';

type Drawn = {
  stores: boolean;
  compatibility: 'backward' | 'forward' | 'both' | 'breaking';
  scope: 'all' | 'self';
  holds: boolean;
  measures: boolean;
  verify: boolean;
  critical: boolean;
  /** Which of the code targets write to it, and what it stands on; left out: everything before it. */
  writers: boolean[];
  needs: boolean[] | undefined;
};

const flags = fc.array(fc.boolean(), { minLength: 5, maxLength: 5 });

const drawn: fc.Arbitrary<Drawn> = fc.record({
  stores: fc.boolean(),
  compatibility: fc.constantFrom<Drawn['compatibility'][]>('backward', 'both', 'breaking', 'forward'),
  scope: fc.constantFrom<Drawn['scope'][]>('all', 'self'),
  holds: fc.boolean(),
  measures: fc.boolean(),
  verify: fc.boolean(),
  critical: fc.boolean(),
  writers: flags,
  needs: fc.option(flags, { nil: undefined }),
});

const dataLoss = fc.constantFrom<DataLossRule[]>('ask', 'refuse', { rows: 2, withinMs: 60_000 });

/** Any plan of one to five targets that Savepoint accepts, as its own room `plan` normalises it. */
export const anyPlan: fc.Arbitrary<Plan> = fc
  .record({ targets: fc.array(drawn, { minLength: 1, maxLength: 5 }), dataLoss, repeatable: fc.boolean() })
  .map(({ targets, dataLoss: loss, repeatable }) => planOf(targets, { loss, repeatable }));

type Rest = { loss: DataLossRule; repeatable: boolean };

function planOf(targets: readonly Drawn[], { loss, repeatable }: Rest): Plan {
  const named = targets.map((each, index) => ({ ...each, name: `${each.stores ? 'data' : 'code'}-${index}` }));
  const check = (name: string, critical: boolean): object => ({ name, kind: 'command', run: ['true'], critical });
  const written = releaseSchema.parse({
    application: 'simulated',
    environment: 'test',
    people: { 'deployment-lead': { name: 'Deployment lead' } },
    gates: {},
    questions: { deciders: ['deployment-lead'], deadline: '30m' },
    targets: Object.fromEntries(named.map((each) => [each.name, targetOf(each, named)])),
    smoke: [{ ...check('smoke', true), repeatable }],
    monitoring: [check('monitoring', true)],
  });
  const wrong = rules.flatMap((rule) => sayings(rule, { written, requester: null }));
  const refused = wrong.find(({ severity }) => severity === 'error');
  if (refused !== undefined) throw new Error(`a simulated plan is refused: ${refused.message}`);
  const plan = normalise(written, { file: '/simulated/release.yaml', version: 'v2', host: 'simulated' });
  // A plan that refuses every loss needs databases whose rows can be carried over; else there may be nothing to choose.
  const carries = named.every(({ stores, measures }) => !stores || measures);
  const rollback: Plan['rollback'] = { ...plan.rollback, dataLoss: loss === 'refuse' && !carries ? 'ask' : loss };
  return { ...withTraits(plan, named), rollback };
}

type Named = Drawn & { name: string };

function targetOf(each: Named, all: readonly Named[]): object {
  const { name, stores, scope, verify, critical, needs } = each;
  const before = all.slice(0, all.indexOf(each));
  const common = {
    world: name,
    initial: 'v1',
    scope,
    verify: verify ? [{ name: `verify ${name}`, kind: 'command', run: ['true'], critical }] : [],
    ...(needs === undefined ? {} : { needs: before.filter((_, index) => needs[index]).map((other) => other.name) }),
  };
  if (!stores) return { kind: 'memory', ...common };
  const code = all.filter((other) => !other.stores);
  const some = code.filter((_, index) => each.writers[index]);
  const compatibility = allowed(each, all);
  const writers = compatibility === 'breaking' && some.length === 0 ? code : some;
  return { kind: 'memory-database', ...common, compatibility, writers: writers.map((other) => other.name) };
}

/** What the plan's rules allow at this place: code changed before it meets the old schema, code after it the new one. */
function allowed({ compatibility, name }: Named, all: readonly Named[]): Drawn['compatibility'] {
  const place = all.findIndex((each) => each.name === name);
  const code = all.map(({ stores }, index) => ({ stores, index })).filter(({ stores }) => !stores);
  const codeBefore = code.some(({ index }) => index < place);
  const codeAfter = code.some(({ index }) => index > place);
  if (codeBefore && codeAfter) return 'both';
  if (codeBefore) return compatibility === 'forward' ? 'forward' : 'both';
  if (!codeAfter) return compatibility === 'breaking' && all.length > 1 ? 'backward' : compatibility;
  return compatibility === 'forward' ? 'both' : compatibility;
}

/** Some code cannot be stopped (a site), some databases can be measured; the steps follow. */
function withTraits(plan: Plan, named: readonly Named[]): Plan {
  const targets = plan.targets.map((target): PlannedTarget => {
    const { holds = true, measures = false } = named.find(({ name }) => name === target.name) ?? {};
    const { stores } = target.traits;
    return { ...target, traits: { ...target.traits, holds: stores || holds, measures: stores && measures } };
  });
  const holdable = targets.filter(({ traits }) => traits.holds).map(({ name }) => name);
  const steps = plan.steps.filter(
    ({ activity, target }) => !['hold', 'resume'].includes(activity) || holdable.includes(target ?? ''),
  );
  return { ...plan, targets, steps };
}

/** A plan in a few words, for the trace of a failing run. */
export function inWords({ targets, rollback }: Plan): string {
  const lines = targets.map(({ name, traits, compatibility, writers, scope, needs }) => {
    const declared = compatibility === null ? '' : ` ${JSON.stringify(compatibility)} writers [${writers.join(', ')}]`;
    const able = [traits.holds ? 'holds' : '', traits.measures ? 'measures' : ''].filter((word) => word !== '');
    return `${name}${declared} scope ${scope} ${able.join(' ')}${needs ? ` needs [${needs.join(', ')}]` : ''}`;
  });
  return [...lines, `dataLoss ${JSON.stringify(rollback.dataLoss)}`].join('\n');
}
