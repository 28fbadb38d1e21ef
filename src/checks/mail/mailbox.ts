/** A message as it was received. `id`: what its mailbox calls it. */
export type Raw = { id: string; source: Buffer };

/**
 * Where messages arrive. What was there when it was opened is old and never shown.
 * Each call throws TargetFailure where the mailbox cannot be asked, and the signal's reason when aborted.
 */
export interface Mailbox {
  /** Messages that have come since it was opened, or since the last call. */
  fresh(): Promise<Raw[]>;
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}
