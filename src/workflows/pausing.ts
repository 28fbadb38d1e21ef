import { condition } from '@temporalio/workflow';
import type { Verdict } from './answers.ts';
import { endHandsOff } from './hands-off.ts';
import type { Pause, Resume } from './messages.ts';
import { record, type Story } from './state.ts';

const defaultPauseMs = 60 * 60 * 1000;
const longestPauseMs = 24 * defaultPauseMs;

export function mayPause(story: Story, pause: Pause | undefined): Verdict {
  const { outcome, halt, pausedUntil, held } = story.status;
  if (outcome !== null) return `this release has ended: ${outcome}`;
  if (halt !== null || story.forward === null) return 'a way back is never paused';
  if (Object.keys(held).length > 0)
    return `writers of ${Object.keys(held).join(', ')} are held; a pause would lengthen that`;
  if (pausedUntil !== null) return `this release is paused already until ${pausedUntil}`;
  const forMs = pause?.forMs ?? defaultPauseMs;
  if (!Number.isFinite(forMs) || forMs <= 0 || forMs > longestPauseMs) {
    return `a pause lasts up to ${longestPauseMs / defaultPauseMs} hours: {"forMs": 600000}`;
  }
  return null;
}

export function mayResume(story: Story): Verdict {
  const { pausedUntil, handsOff } = story.status;
  return pausedUntil === null && !handsOff ? 'this release is not paused, and nobody is looking' : null;
}

/** Takes effect before the next step; a step that runs goes on. */
export function pause(story: Story, body: Pause | undefined): string {
  const until = new Date(Date.now() + (body?.forMs ?? defaultPauseMs)).toISOString();
  story.status.pausedUntil = until;
  record(story, `paused until ${until} by ${body?.by ?? 'somebody'}${body?.reason ? `: ${body.reason}` : ''}`);
  return `paused before the next step until ${until}`;
}

export function resume(story: Story, body: Resume | undefined): string {
  const by = body?.by ?? 'somebody';
  if (story.status.handsOff) endHandsOff(story, `ended by ${by}`);
  if (story.status.pausedUntil === null) return 'the watch may go back by itself again';
  story.status.pausedUntil = null;
  record(story, `resumed by ${by}`);
  return 'resumed';
}

/** Called before each forward step. A pause expires by itself, so that nobody can forget it. */
export async function waitWhilePaused(story: Story): Promise<void> {
  while (story.status.pausedUntil !== null) {
    if (Object.keys(story.status.held).length > 0) return;
    const leftMs = Date.parse(story.status.pausedUntil) - Date.now();
    story.status.waitingFor = `the end of the pause at ${story.status.pausedUntil}`;
    const ended = leftMs <= 0 || !(await condition(() => story.status.pausedUntil === null, leftMs));
    story.status.waitingFor = null;
    if (!ended) continue;
    story.status.pausedUntil = null;
    record(story, 'the pause expired');
  }
}
