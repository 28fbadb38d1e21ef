import { type Drill, drillJudgement, drillPrefix, type Fault } from '../release/drill.ts';
import type { GivenAnswer, Question, WatchPoint } from '../release/status.ts';
import type { Story } from './state.ts';

function drillOf(story: Story): Drill | undefined {
  return story.input.drill;
}

/** What a call of this step carries in a drill; nothing in a release. */
export function faultOf(story: Story, step: { id: string }): { fault?: Fault } {
  const drill = drillOf(story);
  return drill === undefined || drill.at !== step.id || drill.how === 'watch' ? {} : { fault: drill.how };
}

/** The first point of a drilled watch says that the release has to go back, whatever was measured. */
export function judgedInDrill(story: Story, point: WatchPoint): WatchPoint {
  if (drillOf(story)?.how !== 'watch') return point;
  return { ...point, judgements: [...point.judgements, drillJudgement] };
}

/** Whoever is told of a drill sees at once that it is one. */
export function drillMark(story: Story): string {
  return drillOf(story) === undefined ? '' : '[drill] ';
}

/** From the one that saves most to the one that saves least; staying and trying again are never among them. */
const restoring = [
  'carry-over-and-restore',
  'go-back',
  'restore-full',
  'restore-database',
  'restore-code',
  'export-and-restore',
] as const;

/** What users of a drilled environment write meanwhile is carried over where the target can, and may be lost elsewhere. */
export const anyNumberOfRows = Number.MAX_SAFE_INTEGER;

/** Asked more often than that, the way back goes in a circle, such as writers that are held for too long again and again. */
const mostAnswers = 3;

/**
 * Answers itself what a failure asks, with the restoring choice that saves most. Whatever is blocked, or only a person
 * can do, waits for people as in a release.
 */
export function answerInDrill(story: Story, question: Question): void {
  if (drillOf(story) === undefined || (question.kind !== 'failure' && question.kind !== 'abort')) return;
  const own = story.status.answered.filter(({ answers }) => answers.some(({ by }) => by === 'drill'));
  if (own.length >= mostAnswers) return;
  const offered = question.choices.map(({ id }) => id);
  const choice = restoring.find((id) => offered.includes(id));
  if (choice === undefined) return;
  const bound = choice === 'restore-code' || choice === 'go-back' ? {} : { upTo: anyNumberOfRows };
  const at = new Date().toISOString();
  const note = `${drillPrefix}the way back is what is tried`;
  const given: GivenAnswer = { by: 'drill', choice, at, note, how: 'update', ...bound };
  question.answers.push(given);
  story.closing = given;
}
