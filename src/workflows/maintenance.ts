import { tell } from './notices.ts';
import type { Story } from './state.ts';

function isHeard({ input }: Story, event: 'maintenance' | 'recovered'): boolean {
  return input.plan.notify.some(({ on }) => on.includes(event));
}

/** Told once before users are cut off: writers are about to be held, or a database is about to go back. */
export function announceMaintenance(story: Story, because: string): void {
  if (story.maintenance) return;
  story.maintenance = true;
  if (!isHeard(story, 'maintenance')) return;
  const { application, environment } = story.status;
  tell(story, 'maintenance', {
    subject: `${application} in ${environment}: maintenance begins`,
    body: `Users may be cut off for a while: ${because}. It is told when everything serves again.`,
  });
}

/** Told once after a maintenance, when nothing is held any more and what was brought back is proved. */
export function announceRecovery(story: Story): void {
  const { status } = story;
  if (!story.maintenance || Object.keys(status.held).length > 0) return;
  story.maintenance = false;
  if (!isHeard(story, 'recovered')) return;
  const back = status.restored.filter(({ state }) => state === 'restored').map(({ target }) => target);
  tell(story, 'recovered', {
    subject: `${status.application} in ${status.environment}: everything serves again`,
    body: back.length === 0 ? 'The maintenance is over.' : `The maintenance is over; restored: ${back.join(', ')}.`,
  });
}
