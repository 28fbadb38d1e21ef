import { note, type Story } from './state.ts';

/** Evidence that cannot be kept stops nothing, and is said once. */
export function sayWhatIsNotKept(story: Story, { notKept }: { notKept?: string }): void {
  if (notKept === undefined) return;
  const text = `what was measured is not kept: ${notKept}`;
  if (!story.status.notes.includes(text)) note(story, text);
}
