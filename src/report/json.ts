import type { ReleaseStatus } from '../release/status.ts';

/** The whole status as a document: two spaces, ends with a line feed. */
export function jsonReport(status: ReleaseStatus): string {
  return `${JSON.stringify(status, null, 2)}\n`;
}
