import type { CheckResult, PlannedCheck } from '../../release/check.ts';
import { excerpt } from '../answer.ts';
import { readAttestations } from './attestation.ts';

/** Older statements about a check that could not be asked do not count. */
const freshMs = 86_400_000;

/**
 * What a named person has stated about a check that could not be asked: it stays PENDING and is attested, or is a FAIL
 * where the person says that it does not hold. Without a statement the remedy says how one is made.
 */
export async function withAttestation(
  result: CheckResult,
  { name, attestBy = [] }: PlannedCheck,
  { version, records }: { version: string; records?: string },
): Promise<CheckResult> {
  const [first] = attestBy;
  if (result.status !== 'PENDING' || first === undefined || records === undefined) return result;
  const wanted = { statement: name, by: attestBy, version, maxAgeMs: freshMs };
  const [newest] = (await readAttestations(records, wanted)).filter(({ why }) => why === null);
  if (newest === undefined) {
    const command = `savepoint attest '${name.replaceAll("'", "'\\''")}' --version ${version} --by ${first}`;
    return {
      ...result,
      remedy: `${result.remedy ?? 'see why'}; or ${attestBy.join(' or ')} looks and states: ${command}`,
    };
  }
  const { by, at, note, holds } = newest.attestation;
  if (holds) return { ...result, attested: { by, at, ...(note === undefined ? {} : { note: excerpt(note, 200) }) } };
  const said = note === undefined ? '' : `: ${excerpt(note, 200)}`;
  return { ...result, status: 'FAIL', summary: `could not be asked, and ${by} says that it does not hold${said}` };
}
