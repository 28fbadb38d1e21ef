import type { AskingRules, Plan, PlannedWatch } from '../release/plan.ts';
import { duration } from '../release/wording.ts';
import type { Line } from './lines.ts';
import { outlook, type StepOutlook } from './outlook.ts';

const phaseHeadings: Record<StepOutlook['phase'], string> = {
  prepare: 'Before anybody is asked',
  preflight: 'Short preflight',
  baseline: 'In the window, before anything changes',
  change: 'Changes',
  evidence: 'Evidence',
  watch: 'Watch',
};

/** What a release will do, in order, and what each failure restores, for a terminal. */
export function planLines(plan: Plan, digest: string): Line[] {
  const lines: Line[] = [
    { tone: 'strong', text: `${plan.application} ${plan.environment} ${plan.version}` },
    { tone: 'quiet', text: `plan ${digest}` },
  ];
  let phase: StepOutlook['phase'] | null = null;
  for (const step of outlook(plan)) {
    if (step.phase !== phase) lines.push(...entering(plan, step.phase));
    phase = step.phase;
    lines.push({ tone: 'plain', text: `  ${step.id}` });
    if (step.phase === 'change' || step.phase === 'evidence' || step.phase === 'watch') lines.push(...prospects(step));
  }
  if (plan.outside.length > 0) {
    lines.push({ tone: 'strong', text: 'What no restore brings back' });
    lines.push(...plan.outside.map((each): Line => ({ tone: 'warn', text: `  ${each}` })));
  }
  return lines;
}

function prospects(step: StepOutlook): Line[] {
  return step.prospects.map(({ when, leadsTo, decision }) => ({
    tone: decision.do === 'ask' ? 'warn' : 'quiet',
    text: `      ${when} → ${leadsTo}`,
  }));
}

/** The gate stands between the short preflight and the window. */
function entering(plan: Plan, phase: StepOutlook['phase']): Line[] {
  const heading: Line = { tone: 'strong', text: phaseHeadings[phase] };
  if (phase === 'watch' && plan.watch !== null)
    return [{ tone: 'strong', text: `Watch for ${watchLength(plan.watch)}` }];
  if (phase !== 'baseline') return [heading];
  const gate = plan.gate === null ? 'Nobody is asked' : `Go/no-go: ${asking(plan.gate)}`;
  const window = plan.window === null ? [] : [windowLine(plan)];
  return [{ tone: 'strong', text: gate }, ...window, heading];
}

function asking(rules: AskingRules): string {
  const requester = rules.notRequester ? ', not the requester' : '';
  return `${rules.deciders.join(', ')}; ${rules.needs} needed${requester}, within ${duration(rules.deadlineMs)}`;
}

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function windowLine(plan: Plan): Line {
  const names = (plan.window?.days ?? []).map((day) => days[day - 1] ?? String(day)).join(', ');
  return {
    tone: 'strong',
    text: `Window: ${names} ${plan.window?.from} to ${plan.window?.to}, ${plan.window?.timezone}`,
  };
}

function watchLength(watch: PlannedWatch): string {
  return duration(watch.stretches.reduce((sum, stretch) => sum + stretch.forMs, 0));
}
