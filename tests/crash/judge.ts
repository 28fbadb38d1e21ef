import type { ReleaseResult } from '../../src/release/status.ts';
import type { MemoryState } from '../../src/targets/memory/world.ts';
import { effectsOf, type History, type Moment } from './history.ts';
import type { Scene } from './scenes.ts';

/** What a run of a scene left behind: its result, and the files of its worlds. */
export type Outcome = { result: Said; histories: History[] };
type Said = Pick<ReleaseResult, 'outcome' | 'failure' | 'notes' | 'restored' | 'stays'>;

/** Everything that must hold, whatever was struck. Returns what does not, in words; empty when all is well. */
export function judge(scene: Scene, run: Outcome, reference: readonly string[]): string[] {
  return [
    ...judgeEnding(scene, run.result),
    ...judgeEffects(effectsOf(run.histories), reference),
    ...run.histories.flatMap(judgeOrder),
    ...judgePairs(run.histories, scene.backward),
    ...run.histories.flatMap((history) => judgeEnd(scene, history)),
    ...judgeWords(scene, run),
  ];
}

function judgeEnding({ outcome }: Scene, result: Said): string[] {
  if (result.outcome === outcome) return [];
  return [`ended ${result.outcome}, not ${outcome}: ${result.failure?.message ?? result.notes.join('; ')}`];
}

/** Each once, none missing, none that a run without a strike does not have. */
function judgeEffects(effects: readonly string[], reference: readonly string[]): string[] {
  const count = (list: readonly string[], effect: string): number => list.filter((each) => each === effect).length;
  return [...new Set([...effects, ...reference])].flatMap((effect) => {
    const [times, expected] = [count(effects, effect), count(reference, effect)];
    return times === expected ? [] : [`${effect}: happened ${times} times instead of ${expected}`];
  });
}

/** No undo before its effect, nothing else between the beginning of an undo and its end. */
function judgeOrder({ target, lines, moments }: History): string[] {
  const wrong: string[] = [];
  for (const { effect } of moments.filter((moment) => moment.effect.verb === 'restore')) {
    const index = moments.findIndex((moment) => moment.effect === effect);
    if (!moments.slice(0, index).some((moment) => moment.effect.verb === 'apply')) {
      wrong.push(`${target} was restored before it was changed`);
    }
    const end = lines.findIndex((line) => line.effect?.key === effect.key && line.effect.at === effect.at);
    const begin = lines.findIndex((line) => line.type === 'began' && line.key === effect.key);
    const between = (begin < 0 ? [] : lines.slice(begin, end)).flatMap((line) => line.effect ?? []);
    const overlaps = moments.filter((moment) => between.includes(moment.effect) && moment.effect.verb === 'apply');
    for (const { effect: late } of overlaps) wrong.push(`${late.key} took effect while ${target} was restored`);
  }
  return wrong;
}

/** At no time runs a version of code on a schema that the plan does not allow. What is held does not run. */
function judgePairs(histories: readonly History[], backward: boolean): string[] {
  const moments = histories.flatMap((history) => history.moments).sort((a, b) => a.effect.at - b.effect.at);
  const now = new Map(histories.map(({ target, initial }) => [target, { state: initial, held: false }]));
  const wrong = new Set<string>();
  for (const moment of moments) {
    now.set(moment.target, moment);
    const database = now.get('database');
    if (database === undefined || database.held) continue;
    for (const [target, { state, held }] of now) {
      if (target === 'database' || held || state.version === database.state.schema) continue;
      const isAllowed = backward && state.version === 'v1';
      if (!isAllowed) wrong.add(`${target} ${state.version} ran on schema ${database.state.schema}`);
    }
  }
  return [...wrong];
}

function judgeEnd(scene: Scene, { target, world, initial, moments }: History): string[] {
  const wrong: string[] = [];
  if (world.held) wrong.push(`${target} was left held`);
  const isBack = !differsFrom(initial, scene, { target, world });
  if (scene.back.includes(target) && !isBack) wrong.push(`${target} does not equal its savepoint`);
  if (scene.outcome === 'released' && !isLive(target, moments.at(-1))) wrong.push(`${target} does not run v2`);
  return wrong;
}

/** Rows that users wrote meanwhile are no difference, as long as each is there once. */
function differsFrom(
  initial: MemoryState,
  { rows }: Scene,
  { target, world }: Pick<History, 'target' | 'world'>,
): boolean {
  const expected: MemoryState = { ...initial, rows: target === 'database' ? rows : 0 };
  return JSON.stringify(world.state) !== JSON.stringify(expected);
}

function isLive(target: string, last: Moment | undefined): boolean {
  return target === 'database' ? last?.state.schema === 'v2' : last?.state.version === 'v2';
}

/** The result names what is back and what stays as the world has it. */
function judgeWords(scene: Scene, { result, histories }: Outcome): string[] {
  const wrong: string[] = [];
  const said = result.restored.map(({ target }) => target);
  if (said.join() !== scene.back.join()) wrong.push(`says that ${said.join(', ') || 'nothing'} was restored`);
  for (const { target, proved } of result.restored) {
    if (proved === 'unproved') wrong.push(`${target} is unproved`);
  }
  if (scene.outcome === 'released') return wrong;
  for (const { target, world, initial } of histories) {
    const differs = differsFrom(initial, scene, { target, world });
    if (differs !== result.stays.includes(target)) {
      wrong.push(`${target} ${differs ? 'stays' : 'is back'} and the result says otherwise`);
    }
  }
  return wrong;
}
