import { CancellationScope, condition } from '@temporalio/workflow';
import { isText, type Verdict } from './answers.ts';
import type { HandsOff } from './messages.ts';
import { record, refresh, type Story } from './state.ts';

const minute = 60_000;
const usualMs = 30 * minute;
const longestMs = 4 * 60 * minute;

export function mayTakeHandsOff(story: Story, body: HandsOff | undefined): Verdict {
  const { outcome, halt, handsOff, phase } = story.status;
  if (!isText(body?.by) || !isText(body.reason))
    return 'this needs a named person and a reason: {"by": "…", "reason": "…"}';
  if (outcome !== null) return `this release has ended: ${outcome}`;
  if (halt !== null || story.watching === null) {
    return `only a watch goes back by itself long after a change; this release is in ${phase}`;
  }
  if (handsOff) return `${handsOff.by} is looking already, until ${handsOff.until}`;
  const forMs = body.forMs ?? usualMs;
  if (Number.isFinite(forMs) && forMs > 0 && forMs <= longestMs) return null;
  return `nobody looks for longer than ${longestMs / (60 * minute)} hours: {"forMs": 1800000}`;
}

/** Measured alarms do not go back by themselves until then; it ends by itself, so that nobody can forget it. */
export function takeHandsOff(story: Story, { by, reason, forMs = usualMs }: HandsOff): string {
  const until = new Date(Date.now() + forMs).toISOString();
  story.status.handsOff = { by, reason, until };
  record(story, `no automatic rollback until ${until}: ${by} is looking: ${reason}`);
  void CancellationScope.nonCancellable(() => expire(story, until, forMs)).catch(() => undefined);
  return `nothing goes back by itself until ${until}`;
}

async function expire(story: Story, until: string, forMs: number): Promise<void> {
  const ended = await condition(() => story.status.handsOff?.until !== until, forMs);
  if (ended) return;
  endHandsOff(story, `${story.status.handsOff?.by ?? 'nobody'} is not looking any more`);
}

export function endHandsOff(story: Story, why: string): void {
  story.status.handsOff = null;
  record(story, `the watch may go back by itself again: ${why}`);
  refresh(story);
}

/** Waits while somebody looks; true where it had to. */
export async function waitForHandsOn(story: Story): Promise<boolean> {
  const { handsOff } = story.status;
  if (!handsOff) return false;
  story.status.waitingFor = `${handsOff.by}, who is looking until ${handsOff.until}`;
  refresh(story);
  await condition(() => !story.status.handsOff);
  story.status.waitingFor = null;
  return true;
}
