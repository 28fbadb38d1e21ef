import type { MailboxSpec } from './mail.schema.ts';
import type { Mailbox } from './mailbox.ts';

/** @throws TargetFailure `unreachable`, `permission` or `not-found` where it cannot be opened */
export async function openMailbox(spec: MailboxSpec, signal: AbortSignal): Promise<Mailbox> {
  if ('imap' in spec) return await (await import('./mailbox-imap.ts')).openImap(spec, signal);
  return await (await import('./mailbox-mailpit.ts')).openMailpit(spec, signal);
}
