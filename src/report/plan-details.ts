import type { Plan } from '../release/plan.ts';
import { duration } from '../release/wording.ts';
import type { Line } from './lines.ts';
import type { Outlook, StepOutlook } from './outlook.ts';
import { headLines, outsideLines, peopleLines, watchLength } from './plan-lines.ts';
import type { ChoiceOutlook, Prospect } from './prospects.ts';
import { noReturnLines, restoreLines, waysLines } from './way-lines.ts';
import type { Way } from './ways.ts';

const phaseHeadings: Record<StepOutlook['phase'], string> = {
  prepare: 'Before anybody is asked',
  preflight: 'Short preflight',
  baseline: 'In the window, before anything changes',
  change: 'Changes',
  evidence: 'Evidence',
  watch: 'Watch',
};

/** Every step with every state in which it can fail, what is offered then, and what each answer does. */
export function planDetails(plan: Plan, digest: string, table: Outlook): Line[] {
  const lines: Line[] = [...headLines(plan, digest), ...peopleLines(plan)];
  let phase: StepOutlook['phase'] | null = null;
  for (const step of table.steps) {
    if (step.phase !== phase) lines.push({ tone: 'strong', text: heading(plan, step.phase) });
    phase = step.phase;
    lines.push({ tone: 'plain', text: `  ${step.id}` }, ...stepDetails(step, table.ways));
  }
  return [
    ...lines,
    ...waysLines(plan, table),
    ...restoreLines(table),
    ...noReturnLines(plan, table),
    ...outsideLines(plan),
  ];
}

function heading(plan: Plan, phase: StepOutlook['phase']): string {
  if (phase === 'watch' && plan.watch !== null) return `Watch for ${watchLength(plan.watch)}`;
  return phaseHeadings[phase];
}

function stepDetails({ prospects, retry, ask, noReturn, phase }: StepOutlook, ways: readonly Way[]): Line[] {
  const lines: Line[] = [];
  if (retry !== null) {
    const pause = retry.everyMs === 0 ? '' : `, ${duration(retry.everyMs)} apart`;
    lines.push({ tone: 'plain', text: `      is tried again up to ${retry.times} times${pause}, where that is safe` });
  }
  if (ask !== null) {
    lines.push({ tone: 'plain', text: `      then a person is asked, for ${duration(ask.deadlineMs)}` });
  }
  // Before the first change every failure stops, which needs to be said once only.
  const quiet = phase === 'prepare' || phase === 'preflight' || phase === 'baseline';
  if (!quiet) lines.push(...prospects.flatMap((prospect) => prospectLines(prospect, ways)));
  if (noReturn !== null) {
    const from = noReturn.may === 'end' ? '' : '; from then on rows may be lost';
    lines.push({ tone: 'plain', text: `      point of no return: ${noReturn.at}${from}` });
  }
  return lines;
}

function prospectLines({ when, leadsTo, way, choices, decision }: Prospect, ways: readonly Way[]): Line[] {
  const tone = choices.length > 0 ? 'warn' : 'quiet';
  const by = way === null ? '' : `: way ${way}`;
  const because = decision.do === 'stop' ? [] : [`          because ${decision.because}`];
  return [
    { tone, text: `      ${when} → ${leadsTo}${by}` },
    ...because.map((text): Line => ({ tone: 'quiet', text })),
    ...choices.map((choice): Line => ({ tone: 'quiet', text: `          ${choiceText(choice, ways)}` })),
  ];
}

const meanings: Record<string, string> = {
  'go-back': 'what the rules would do by themselves; no row is lost beyond what the plan allows',
  'carry-over-and-restore': 'rows written since are carried over; those that do not fit are filed and need --up-to',
  'export-and-restore': 'rows written since are undone, kept as files; as many as were shown, or --up-to',
  'restore-database': 'rows written since are undone; as many as were shown, or --up-to',
  'restore-full': 'rows written since are undone; as many as were shown, or --up-to',
  'restore-code': 'no database is touched',
  retry: 'the step once more',
  stay: 'everything stays as it is then',
  'done-by-hand': 'the target is asked whether it is so',
};

/** A way on which nobody could write loses nothing, whatever the answer is called. */
function choiceText({ id, restores, way }: ChoiceOutlook, ways: readonly Way[]): string {
  const known = ways.find((each) => each.id === way);
  const meaning = known?.rows === 'none' ? 'no row is lost' : (meanings[id] ?? '');
  const what = restores.length === 0 ? '' : ` ${restores.join(', ')};`;
  const by = way === null ? '' : `; way ${way}`;
  return `${id}:${what} ${meaning}${by}`;
}
