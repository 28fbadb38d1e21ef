import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant, or null when none is near enough to be offered. */
export function nearest(written: string, candidates: readonly string[]): string | null {
  let found: string | null = null;
  let least = Math.max(2, Math.floor(written.length / 3)) + 1;
  for (const candidate of candidates) {
    const between = distance(written.toLowerCase(), candidate.toLowerCase());
    if (between < least && between < Math.max(written.length, candidate.length)) {
      found = candidate;
      least = between;
    }
  }
  return found;
}

/** `did you mean "targets"?`, else the names there are, else null. */
export function suggestion(written: string, candidates: readonly string[]): string | null {
  const meant = nearest(written, candidates);
  if (meant !== null) return `did you mean "${meant}"?`;
  return candidates.length === 0 ? null : `known are ${candidates.join(', ')}`;
}
