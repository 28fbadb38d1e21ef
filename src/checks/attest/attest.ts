import type { Answer, Asking, Check } from '../../release/check.ts';
import { pending } from '../answer.ts';
import type { AttestSpec } from './attest.schema.ts';
import { readAttestations } from './attestation.ts';

/** PENDING until a named person has stated it for this version; the newest statement counts. */
export const attest: Check<AttestSpec> = { ask };

async function ask({ spec, version, records }: Asking<AttestSpec>): Promise<Answer> {
  const { statement, by, maxAge } = spec;
  const words = `'${statement.replaceAll("'", "'\\''")}'`;
  const remedy = `${by.join(' or ')} states it with: savepoint attest ${words} --version ${version} --by ${by[0]}`;
  if (records === undefined) return pending('there is no records folder to look for statements', '', remedy);
  const all = await readAttestations(records, { statement, by, version, maxAgeMs: maxAge });
  const newest = all.find(({ why }) => why === null)?.attestation;
  if (newest === undefined) {
    return pending(`nobody has attested yet: ${statement}`, all.map(({ why }) => why).join('\n'), remedy);
  }
  const evidence = `${newest.by} at ${newest.at}${newest.note === undefined ? '' : `: ${newest.note}`}`;
  return newest.holds
    ? { status: 'PASS', summary: `${newest.by} attests: ${statement}`, evidence }
    : { status: 'FAIL', summary: `${newest.by} says that it does not hold: ${statement}`, evidence, remedy };
}
