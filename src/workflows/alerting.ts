import type { CheckResult } from '../release/check.ts';
import type { Priority } from '../release/plan.ts';
import type { WatchPoint } from '../release/status.ts';
import { isMissed } from '../release/suite.ts';
import type { Judgement } from '../release/verdict.ts';
import type { Trouble } from './failures.ts';
import { tell } from './notices.ts';
import type { Story } from './state.ts';

/** What failed: a criterion, something that people raised, or a check. */
export type Urgent = { priority?: Priority; incident?: string };

/** The most urgent of several, null where none of them says how urgent it is. */
function mostUrgent(all: readonly Urgent[]): Priority | null {
  const order: readonly Priority[] = ['P1', 'P2', 'P3'];
  return order.find((priority) => all.some((one) => one.priority === priority)) ?? null;
}

/** How urgent it is and who is told, as the plan says. */
export function alertOf(story: Story, all: readonly Urgent[]): { mark: string; to: string[] } {
  const priority = mostUrgent(all);
  if (priority === null) return { mark: '', to: [] };
  return { mark: `${priority}: `, to: story.input.plan.watch?.priorities?.[priority] ?? [] };
}

/** What failed or could not be asked, among checks. */
export function missedOf(checks: readonly CheckResult[]): CheckResult[] {
  return checks.filter(isMissed);
}

/** Tells the people of the most urgent of what was found, and returns the trouble with the checklists for it. */
export function raiseAlarm(
  story: Story,
  event: 'watch' | 'failed',
  { trouble, found }: { trouble: Trouble; found: readonly Urgent[] },
): Trouble {
  const { mark, to } = alertOf(story, found);
  const full = withChecklists(story, trouble, found);
  if (to.length > 0) {
    const { message, evidence = '' } = full.failure;
    tell(story, event, { subject: `${mark}${message}`.slice(0, 200), body: [message, evidence].join('\n\n'), to });
  }
  return full;
}

/** What a point found that people should know: what acts, what is withheld, what is advised. */
function findingsOf(point: WatchPoint): Judgement[] {
  return point.judgements.filter(({ verdict, withheld }) => verdict !== 'proceed' || withheld !== undefined);
}

/** Everything that a point found, the checks that failed too. */
export function urgentIn(point: WatchPoint): Urgent[] {
  return [...findingsOf(point), ...missedOf(point.checks)];
}

/** The same in words. */
export function foundInWords(point: WatchPoint): string {
  const failed = missedOf(point.checks).map(({ status, name, summary }) => `${status} ${name}: ${summary}`);
  return [...findingsOf(point).map(findingInWords), ...failed].join('; ');
}

function findingInWords({ criterion, explanation, withheld, advice }: Judgement): string {
  if (advice !== undefined) return `${criterion}: ${explanation}. Advice: ${advice}`;
  return withheld === undefined
    ? `${criterion}: ${explanation}`
    : `${criterion}: ${explanation} (not trusted to ${withheld})`;
}

/** The trouble with the plan's checklists of whatever failed below it, for the failure and for the question. */
function withChecklists(story: Story, trouble: Trouble, found: readonly Urgent[]): Trouble {
  const named = [...new Set(found.flatMap(({ incident }) => incident ?? []))];
  const lists = named.flatMap((name) => {
    const items = story.input.plan.incidents?.[name];
    return items === undefined
      ? []
      : [`What to do (${name}):\n${items.map((item, at) => `${at + 1}. ${item}`).join('\n')}`];
  });
  if (lists.length === 0) return trouble;
  const { failure } = trouble;
  const evidence = [failure.evidence ?? '', ...lists].filter((text) => text !== '').join('\n\n');
  return { ...trouble, failure: { ...failure, evidence } };
}
