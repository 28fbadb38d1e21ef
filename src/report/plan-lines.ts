import type { AskingRules, Plan, PlannedWatch } from '../release/plan.ts';
import { duration } from '../release/wording.ts';
import type { Line } from './lines.ts';
import type { Outlook, StepOutlook } from './outlook.ts';
import type { Prospect } from './prospects.ts';
import { noReturnLines, restoreLines, waysLines } from './way-lines.ts';

/** What each failure restores, rollback point by rollback point, as short as it can be read at night. */
export function planLines(plan: Plan, digest: string, table: Outlook): Line[] {
  return [
    ...headLines(plan, digest),
    ...tableLines(plan, table),
    ...waysLines(plan, table),
    ...restoreLines(table),
    ...noReturnLines(plan, table),
    ...peopleLines(plan),
    ...outsideLines(plan),
    { tone: 'quiet', text: 'What fails mildly or cannot be measured, and every step: savepoint plan --all' },
  ];
}

export function headLines(plan: Plan, digest: string): Line[] {
  return [
    { tone: 'strong', text: `${plan.application} ${plan.environment} ${plan.version}` },
    { tone: 'quiet', text: `plan ${digest}` },
  ];
}

/** Rows: steps of one rollback point whose failure leads to the same. Only plain failures; the rest asks. */
function tableLines(plan: Plan, { steps }: Outlook): Line[] {
  const lines: Line[] = [
    { tone: 'strong', text: 'Before the first change' },
    { tone: 'plain', text: '  any step' },
    { tone: 'quiet', text: '      it fails → stops; nothing was changed' },
  ];
  const later = steps.filter(({ prospects }) => prospects.some(({ decision }) => decision.do !== 'stop'));
  for (const rows of groups(later, ({ phase, point }) => (phase === 'watch' ? phase : String(point)))) {
    const [first] = rows;
    if (first === undefined) continue;
    lines.push({ tone: 'strong', text: pointHeading(plan, first) });
    for (const same of groups(rows, (step) => JSON.stringify(plainFailures(step).map(told)))) {
      lines.push({ tone: 'plain', text: `  ${same.map(({ id }) => id).join(', ')}` });
      lines.push(...plainFailures(same[0] ?? first).map(shortLine));
    }
  }
  return lines;
}

function pointHeading(plan: Plan, { phase, point }: StepOutlook): string {
  if (phase === 'watch' && plan.watch !== null) return `Watch for ${watchLength(plan.watch)}`;
  return `Rollback point ${point}: from the change of ${plan.targets[point - 1]?.name ?? 'everything'} on`;
}

/** In the order in which they first appear. */
function groups<T>(all: readonly T[], keyOf: (each: T) => string): T[][] {
  const found = new Map<string, T[]>();
  for (const each of all) found.set(keyOf(each), [...(found.get(keyOf(each)) ?? []), each]);
  return [...found.values()];
}

/** The severest way in which a step can fail. */
function plainFailures({ prospects }: StepOutlook): Prospect[] {
  return prospects.filter(({ cause }) => cause === prospects[0]?.cause);
}

function told({ state, leadsTo, way, triedAgain, choices }: Prospect): unknown {
  return [state, leadsTo, way, triedAgain, choices];
}

function shortLine({ state, leadsTo, way, triedAgain, choices, silence, cause }: Prospect): Line {
  const again = triedAgain ? 'is tried again, then ' : '';
  const by = way === null ? '' : `: way ${way}`;
  if (choices.length === 0) return { tone: 'quiet', text: `      ${state ?? cause} → ${again}${leadsTo}${by}` };
  const answers = choices.map(({ id, way: goes }) => (goes === null ? id : `${id} (way ${goes})`)).join(', ');
  const then = `asks: ${answers}; silence: ${silence ?? 'people are told again'}`;
  return { tone: 'warn', text: `      ${state ?? cause} → ${again}${then}` };
}

/** Who is asked when, with how to reach them. */
export function peopleLines(plan: Plan): Line[] {
  const gate = plan.gate === null ? 'nobody is asked' : asking(plan, plan.gate);
  const drill = plan.drillWithinMs === undefined ? '' : `; needs a drill of the last ${duration(plan.drillWithinMs)}`;
  const lines: Line[] = [{ tone: 'strong', text: `Go/no-go: ${gate}${drill}` }];
  if (plan.window !== null) lines.push(windowLine(plan.window));
  lines.push({ tone: 'strong', text: `When something fails: ${asking(plan, { ...plan.questions, needs: 1 })}` });
  return lines;
}

function asking(plan: Plan, rules: AskingRules): string {
  const people = rules.deciders.map((name) => {
    const contact = plan.people[name]?.contact ?? null;
    return contact === null ? name : `${name} (${contact})`;
  });
  const requester = rules.notRequester ? ', not the requester' : '';
  return `${people.join(', ')}; ${rules.needs} needed${requester}, within ${duration(rules.deadlineMs)}`;
}

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function windowLine({ days: open, from, to, timezone }: NonNullable<Plan['window']>): Line {
  const names = open.map((day) => days[day - 1] ?? String(day)).join(', ');
  return { tone: 'strong', text: `Window: ${names} ${from} to ${to}, ${timezone}` };
}

export function outsideLines(plan: Plan): Line[] {
  if (plan.outside.length === 0) return [];
  const each = plan.outside.map((text): Line => ({ tone: 'warn', text: `  ${text}` }));
  return [{ tone: 'strong', text: 'What no restore brings back' }, ...each];
}

export function watchLength(watch: PlannedWatch): string {
  return duration(watch.stretches.reduce((sum, stretch) => sum + stretch.forMs, 0));
}
