/**
 * How much a part of a fingerprint covers. A report names the level for every part; a bare "proved" does not exist.
 *
 * - `content`: every row or byte · `sampled`: some of them · `counts`: how many rows
 * - `structure`: catalogue, roles, grants, settings
 * - `digest`: what is installed · `version`: what a service answers · `served`: bytes as users get them
 * - `declared`: a command of the user's said so · `nothing`: the target has no state worth proving (a cache)
 */
export type Level =
  | 'content'
  | 'sampled'
  | 'counts'
  | 'structure'
  | 'digest'
  | 'version'
  | 'served'
  | 'declared'
  | 'nothing';

/** `value` is compared for equality only. `detail` is for people: a row count, a version. */
export type FingerprintPart = { name: string; level: Level; value: string; detail?: string };

/** Belongs to one instant: computed on a saved copy or on something that nobody writes to. */
export type Fingerprint = { takenAt: string; parts: FingerprintPart[] };

export type Difference = { part: string; level: Level; expected: string | null; actual: string | null };

/** `level` is the weakest level over all parts, or `unproved` when something differs or nothing was compared. */
export type Proof = { level: Level | 'unproved'; parts: { name: string; level: Level }[]; differences: Difference[] };

/** From the strongest statement to the weakest; a proof is as strong as its weakest part. */
const strength: readonly Level[] = [
  'content',
  'served',
  'digest',
  'version',
  'sampled',
  'counts',
  'structure',
  'declared',
  'nothing',
];

/** The level that a whole target is proved at. `structure` parts accompany data and do not weaken it. */
function weakest(parts: readonly FingerprintPart[]): Level | 'unproved' {
  const data = parts.filter((part) => part.level !== 'structure');
  const judged = data.length > 0 ? data : parts;
  let found: Level | undefined;
  for (const part of judged) {
    if (found === undefined || strength.indexOf(part.level) > strength.indexOf(found)) found = part.level;
  }
  return found ?? 'unproved';
}

/** Compares two fingerprints part by part. Parts that only one side has are differences. */
export function prove(expected: Fingerprint, actual: Fingerprint): Proof {
  const differences: Difference[] = [];
  const actualByName = new Map(actual.parts.map((part) => [part.name, part]));
  for (const part of expected.parts) {
    const other = actualByName.get(part.name);
    actualByName.delete(part.name);
    if (other?.value === part.value && other.level === part.level) continue;
    differences.push({
      part: part.name,
      level: part.level,
      expected: part.detail ?? part.value,
      actual: other === undefined ? null : (other.detail ?? other.value),
    });
  }
  for (const extra of actualByName.values()) {
    differences.push({ part: extra.name, level: extra.level, expected: null, actual: extra.detail ?? extra.value });
  }
  return {
    level: differences.length > 0 ? 'unproved' : weakest(expected.parts),
    parts: expected.parts.map(({ name, level }) => ({ name, level })),
    differences,
  };
}
