import fc from 'fast-check';
import { endings } from '../../src/release/endings.ts';
import type { Plan } from '../../src/release/plan.ts';
import type { Outcome } from '../../src/release/status.ts';
import { Abandoned, goBackward, staysOf } from './backward.ts';
import { type Back, type Engine, type Rules, realRules } from './engine.ts';
import { anyFortune, type Fortune, luckOf } from './fortune.ts';
import { goForward } from './forward.ts';
import { anyPlan, inWords } from './plans.ts';
import { breach, harmIn, openWorld, targetIn } from './world.ts';

/** One simulated release from start to end. `breaches`: empty where every invariant held. */
export type Run = { outcome: Outcome; breaches: string[]; trace: string[] };

export function simulate(plan: Plan, fortune: Fortune, rules: Rules = realRules): Run {
  const engine = openEngine(plan, fortune, rules);
  let back: Back | null = null;
  try {
    back = goForward(engine);
    if (back !== null) goBackward(engine, back);
    engine.outcome = outcomeOf(engine, back);
  } catch (error) {
    if (!(error instanceof Abandoned)) throw error;
    engine.outcome = 'abandoned';
  }
  judge(engine);
  const { outcome, trace, world } = engine;
  return { outcome, breaches: world.breaches, trace: [...trace, `ended: ${outcome}`] };
}

function openEngine(plan: Plan, fortune: Fortune, rules: Rules): Engine {
  const { proved, sinceChangeMs } = fortune;
  return {
    plan,
    rules,
    world: openWorld(plan),
    luck: luckOf(fortune),
    proved,
    sinceChangeMs,
    changed: [],
    held: [],
    writtenTo: [],
    untouched: new Set(),
    restored: new Map(),
    stop: null,
    cutOff: null,
    tooMuch: null,
    decided: [],
    outcome: null,
    tolerated: [],
    backwards: false,
    trace: [],
  };
}

/** As in the release workflow: the ending follows from what was restored, unless somebody made it. */
function outcomeOf(engine: Engine, back: Back | null): Outcome {
  if (back === null) return engine.decided.length === 0 ? 'released' : 'released-by-decision';
  if (back.outcome !== undefined) return back.outcome;
  if (back.do === 'stop') return 'stopped';
  if (back.do === 'unchanged') return 'rolled-back';
  const left = [...engine.restored.values()].some((state) => ['skipped', 'failed', 'waiting'].includes(state));
  const codeStays = staysOf(engine).some(({ stores }) => !stores);
  return back.do === 'stay' || left || codeStays ? 'partly-rolled-back' : 'rolled-back';
}

/** What must be so at the end, whatever happened. */
function judge(engine: Engine): void {
  const { world, plan, outcome } = engine;
  if (outcome === null || !(outcome in endings)) breach(world, `no declared ending: ${outcome}`);
  judgeEffects(engine);
  if (outcome === 'abandoned') return;
  for (const name of world.held) breach(world, `held at the end: ${name}`);
  for (const pair of harmIn(world)) breach(world, `incompatible pair at the end: ${pair}`);
  const isNew = plan.targets.filter(({ name }) => world.age.get(name) === 'new');
  if (outcome === 'released' && isNew.length < plan.targets.length)
    breach(world, 'released, and not all of it is live');
  if (outcome === 'stopped' && isNew.length > 0)
    breach(world, `stopped, and changed: ${isNew.map(({ name }) => name)}`);
  if (outcome !== 'rolled-back') return;
  for (const { name, traits } of isNew) {
    if (!traits.stores) breach(world, `rolled back, and ${name} still runs the new version`);
  }
}

/** Each effect once; undone once at most and never before it; kept without a decision only where it is released. */
function judgeEffects({ world, plan, changed, decided, outcome }: Engine): void {
  for (const { name, traits } of plan.targets) {
    const effects = world.effects.filter((effect) => effect.endsWith(` ${name}`));
    const undone = effects.filter((effect) => effect.startsWith('restore'));
    if (undone.length > 1) breach(world, `${name} was taken back ${undone.length} times`);
    if (undone.length > 0 && effects.at(-1)?.startsWith('change'))
      breach(world, `${name} was changed after its restore`);
    if (traits.stores && world.kept.filter((each) => each === name).length !== undone.length)
      breach(world, `destroyed: a replaced ${name} was not kept`);
    if (world.age.get(name) === 'new' && !changed.includes(name))
      breach(world, `${name} changed and no undo is registered`);
    const byItself = outcome === 'released' || traits.stores || targetIn(world, name).scope === 'self';
    const others = plan.targets.some(({ scope }) => scope === 'self');
    if (world.age.get(name) === 'new' && !byItself && !others && decided.length === 0)
      breach(world, `${name} stays and nobody decided that`);
  }
  const keys = new Set<string>();
  for (const { key, did } of world.happened) {
    if (did && keys.has(key)) breach(world, `twice: ${key}`);
    keys.add(key);
  }
}

/** Plans and fortunes; with `rules` other than the real ones a breach is planted. */
export function property(rules: Rules = realRules): fc.IPropertyWithHooks<[Plan, Fortune]> {
  return fc.property(anyPlan, anyFortune, (plan, fortune) => simulate(plan, fortune, rules).breaches.length === 0);
}

/** The run of one seed: null when every invariant held, else the smallest run that goes wrong in the same way. */
export function runSeed(seed: number, rules: Rules = realRules): string | null {
  const { counterexample, errorInstance } = fc.check(property(rules), { seed, numRuns: 1 });
  if (counterexample === null) return null;
  const [plan, fortune] = counterexample;
  return story(seed, { plan, fortune, rules, error: errorInstance });
}

type Told = { plan: Plan; fortune: Fortune; rules: Rules; error: unknown };

function story(seed: number, { plan, fortune, rules, error }: Told): string {
  const lines = [`seed ${seed}`, inWords(plan)];
  try {
    const { breaches, trace } = simulate(plan, fortune, rules);
    return [...lines, ...trace, ...breaches.map((each) => `BREACH ${each}`)].join('\n');
  } catch {
    return [...lines, `BREACH ${error instanceof Error ? error.stack : String(error)}`].join('\n');
  }
}
