import { undoesRows } from '../release/answering.ts';
import { incompatiblePairs } from '../release/compatibility.ts';
import { shortRelease } from '../release/naming.ts';
import { type Situation, waysWithDatabase } from '../release/policy.ts';
import type { ReleaseStatus } from '../release/status.ts';
import { isBack } from './blocked.ts';
import { labels } from './choices.ts';
import { factsOf } from './facts.ts';
import { estimate, lossLines, measurable, outsideLines, withLoss } from './losses.ts';
import type { Continuation } from './messages.ts';
import { shortly } from './proxies.ts';
import { ask } from './questions.ts';
import { chosenReturn, GoBack, refuse } from './returning.ts';
import { situationNow } from './situation.ts';
import { enter, findTarget, note, type Story } from './state.ts';

type BringBack = Extract<Continuation, { as: 'bring-back' }>;

/**
 * Single targets go back to the savepoints of a release that has ended, by the same rules as during it: nothing that
 * may not run together, and no row undone without a person who saw how many.
 */
export async function bringBack(story: Story, wanted: BringBack): Promise<GoBack> {
  const { readRelease } = shortly(story, 'what did that release change');
  const earlier = await readRelease({ workflowId: story.status.workflowId, runId: wanted.from });
  const names = takeSavepoints(story, earlier, wanted);
  story.status.continues = { release: earlier.release, as: 'bring-back', reason: wanted.reason };
  const { requester } = story.input;
  story.decidedBy = { by: requester, choice: 'bring-back', reason: wanted.reason };
  note(story, `${names.join(', ')} as before release ${shortRelease(earlier.release)}, asked for by ${requester}`);
  enter(story, 'going back');
  const databases = measurable(story);
  const losses = databases.length === 0 ? null : await estimate(story, databases);
  const situation = withLoss(situationNow(story), losses);
  const because = `${requester} asked for it: ${wanted.reason}`;
  const terms = { bound: 0, save: null, seen: false };
  const storesData = situation.targets.some(({ stores, changed }) => stores && changed);
  if (!storesData || situation.loss === 0) {
    return new GoBack({ do: 'restore', targets: names, because, terms, situation });
  }
  return await askFirst(story, situation, losses === null ? [] : losses);
}

/** Only what was asked for counts as changed from here on; what that would leave running is judged before. */
function takeSavepoints(story: Story, earlier: ReleaseStatus, { targets }: BringBack): string[] {
  const { status } = story;
  const back = earlier.restored.filter(isBack);
  const open = earlier.changed.filter((name) => !back.some(({ target }) => target === name));
  // A cache can be emptied at any time.
  const unknown = targets.filter((name) => !open.includes(name) && findTarget(story, name).traits.cache !== true);
  if (unknown.length > 0 || (open.length === 0 && targets.length === 0)) {
    const which = `release ${shortRelease(earlier.release)} of ${earlier.version}`;
    const isAgain = unknown.some((name) => back.some(({ target }) => target === name));
    const what = unknown.length > 0 ? `${unknown.join(', ')} did not change` : 'nothing is changed any more';
    const said = isAgain ? `${unknown.join(', ')} went back to before ${which} already` : `${what} by ${which}`;
    refuse(story, {
      kind: 'not-found',
      message: `${said}; it left changed: ${open.join(', ') || 'nothing'}`,
      remedy: 'name another release with --from; see what there is with: savepoint list --all',
    });
  }
  const wanted = targets.length === 0 ? open : targets;
  status.savepoints.push(...earlier.savepoints.filter(({ target }) => wanted.includes(target)));
  status.writtenTo.push(...wanted);
  status.changed.push(...open);
  const pairs = incompatiblePairs(factsOf(story), wanted);
  status.changed.splice(0, status.changed.length, ...wanted);
  if (pairs.length === 0) return [...wanted].reverse();
  const said = pairs.map(
    ({ code, codeAge, database, schemaAge }) => `${codeAge} ${code} on the ${schemaAge} ${database}`,
  );
  status.changed.length = 0;
  return refuse(story, {
    kind: 'refused',
    message: `that would leave running what the plan does not allow: ${said.join('; ')}`,
    remedy: `bring back all of it: savepoint restore ${open.join(' ')} --reason <why>`,
  });
}

async function askFirst(story: Story, situation: Situation, losses: NonNullable<Awaited<ReturnType<typeof estimate>>>) {
  const withCode = situation.targets.some(({ stores, changed }) => !stores && changed);
  const measured = losses.length === 0 ? ['How many rows that would undo could not be measured.'] : lossLines(losses);
  const answered = await ask(story, {
    id: 'rows before the restore',
    kind: 'failure',
    text: 'Going back would undo rows of users. What now?',
    why: [...measured, outsideLines(story)].filter((line) => line !== '').join('\n\n'),
    choices: [...waysWithDatabase(situation, withCode), 'stay' as const].map((id) => labels[id]),
    onSilence: 'stay',
    rules: story.input.plan.questions,
    ...(losses.length === 0 ? {} : { losses }),
  });
  story.decidedBy = { by: answered.by, choice: answered.choice, reason: answered.reason };
  if (undoesRows(answered.choice)) return new GoBack(chosenReturn(answered, situation));
  story.status.changed.length = 0;
  return new GoBack({ do: 'stop', targets: [], because: `${answered.by} decided to leave everything as it is` });
}
