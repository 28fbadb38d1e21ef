import { type Fingerprint, type Proof, prove } from '../../release/fingerprint.ts';
import { describeDifference } from './catalogue.ts';
import { type Facts, fingerprintOf, withSequencesAllowedAhead } from './fingerprint.ts';

/** Compares, and says for each kind of object which ones differ. */
export function proofOf(expected: Fingerprint, saved: Facts, actual: Facts): Proof {
  const proof = prove(expected, fingerprintOf(withSequencesAllowedAhead(actual, saved.sequences)));
  const differences = proof.differences.map((difference) => {
    const now = actual.catalogue[difference.part];
    const before = saved.catalogue[difference.part];
    if (now === undefined || before === undefined) return difference;
    return { ...difference, actual: describeDifference(before, now) };
  });
  return { ...proof, differences };
}
