import { ParentClosePolicy, sleep, startChild } from '@temporalio/workflow';
import { shortRelease } from '../release/naming.ts';
import type { Checklist, PlannedWatch } from '../release/plan.ts';
import { viewOf } from './failures.ts';
import { tell } from './notices.ts';
import { note, record, type Story } from './state.ts';

/** Reminds of each checklist that is due during the watch; runs beside it and is cancelled with it. */
export async function remindOfChecklists(
  story: Story,
  { checklists = [] }: PlannedWatch,
  startMs: number,
): Promise<void> {
  const due = [...checklists].sort((a, b) => a.afterMs - b.afterMs);
  for (const list of due) {
    const waitMs = startMs + list.afterMs - Date.now();
    if (waitMs > 0) await sleep(waitMs, { summary: `checklist ${list.name}` });
    story.reminded.add(list.name);
    record(story, `people are reminded of the checklist ${list.name}`);
    tell(story, 'reminder', { subject: subjectOf(list), body: bodyOf(list) });
  }
}

/** What is due after the watch outlives the release, as the review does. */
export async function leaveChecklists(story: Story, { checklists = [] }: PlannedWatch, startMs: number): Promise<void> {
  const left = checklists.filter(({ name }) => !story.reminded.has(name));
  const { workflowId, application, version } = story.status;
  const release = shortRelease(story.place.release);
  for (const [index, list] of left.entries()) {
    const about = { plan: story.input.plan, place: story.place, workflowId, timeline: [] };
    const told = { subject: subjectOf(list), body: bodyOf(list) };
    try {
      await startChild('review', {
        workflowId: `${workflowId}/checklist/${release}-${index + 1}`,
        args: [{ ...about, dueMs: startMs + list.afterMs, told }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `checklist ${list.name} of ${application} ${version}`.slice(0, 190),
      });
    } catch (error) {
      if (story.status.halt !== null) throw error;
      note(story, `no reminder of the checklist ${list.name}: ${viewOf(error).message}`);
    }
  }
}

function subjectOf({ name }: Checklist): string {
  return `Checklist: ${name}`;
}

function bodyOf({ items }: Checklist): string {
  return items.map((item) => `- [ ] ${item}`).join('\n');
}
