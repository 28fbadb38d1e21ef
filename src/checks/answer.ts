import type { Answer } from '../release/check.ts';

/** Evidence is kept in the release's history, so it is the beginning of what was seen and no more. */
const longestEvidence = 600;

/** The first `limit` characters without control characters; `…` marks a cut. */
export function excerpt(text: string, limit = longestEvidence): string {
  const plain = text.replace(/[^\P{Cc}\n\t]/gu, '').trim();
  return plain.length <= limit ? plain : `${plain.slice(0, limit)}…`;
}

/** What could not be measured, and what a person can do about it. */
export function pending(summary: string, evidence: string, remedy: string): Answer {
  return { status: 'PENDING', summary, evidence: excerpt(evidence), remedy };
}

/** What was compared with the expectations. `seen`: shown as evidence; `good`: the summary when nothing is wrong. */
export type Compared = { failures: string[]; warnings: string[]; seen: string; good: string; remedy: string };

/** One failure is a FAIL, else one warning is a WARN, else PASS. The first problem becomes the summary. */
export function answerOf({ failures, warnings, seen, good, remedy }: Compared): Answer {
  const problems = [...failures, ...warnings];
  const [first] = problems;
  if (first === undefined) return { status: 'PASS', summary: good, evidence: excerpt(seen) };
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const others = problems.slice(1).map((problem) => `also: ${problem}\n`);
  return {
    status: failures.length > 0 ? 'FAIL' : 'WARN',
    summary: excerpt(first, 240) + more,
    evidence: excerpt(others.join('') + seen),
    remedy,
  };
}
