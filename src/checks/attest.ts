import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer, Asking, Check } from '../release/check.ts';
import { pending } from './answer.ts';
import type { AttestSpec } from './attest.schema.ts';
import { type Attestation, attestationsFolder, readAttestation } from './attestation.ts';

/** PENDING until a named person has stated it for this version; the newest statement counts. */
export const attest: Check<AttestSpec> = { ask };

async function ask({ spec, version, records }: Asking<AttestSpec>): Promise<Answer> {
  const words = `'${spec.statement.replaceAll("'", "'\\''")}'`;
  const remedy = `${spec.by.join(' or ')} states it with: savepoint attest ${words} --version ${version} --by ${spec.by[0]}`;
  if (records === undefined) return pending('there is no records folder to look for statements', '', remedy);
  const all = (await readAll(join(records, attestationsFolder))).filter((one) => one.statement === spec.statement);
  const [newest] = all.filter((one) => counts(one, spec, version)).sort((a, b) => b.at.localeCompare(a.at));
  if (newest === undefined) {
    return pending(
      `nobody has attested yet: ${spec.statement}`,
      all.map((one) => reason(one, spec, version)).join('\n'),
      remedy,
    );
  }
  const evidence = `${newest.by} at ${newest.at}${newest.note === undefined ? '' : `: ${newest.note}`}`;
  return newest.holds
    ? { status: 'PASS', summary: `${newest.by} attests: ${spec.statement}`, evidence }
    : { status: 'FAIL', summary: `${newest.by} says that it does not hold: ${spec.statement}`, evidence, remedy };
}

function counts(one: Attestation, spec: AttestSpec, version: string): boolean {
  return spec.by.includes(one.by) && one.version === version && isFresh(one, spec.maxAge);
}

/** Clocks of two machines differ a little; a statement from further ahead is a mistake. */
function isFresh({ at }: Attestation, maxAgeMs: number): boolean {
  const age = Date.now() - Date.parse(at);
  return age <= maxAgeMs && age > -60_000;
}

/** Why a statement with the right words does not count. */
function reason(one: Attestation, spec: AttestSpec, version: string): string {
  if (!spec.by.includes(one.by)) return `${one.by} is not among those who may attest it`;
  if (one.version !== version) return `${one.by} attested it for ${one.version}`;
  return `${one.by} attested it at ${one.at}, which is too old or in the future`;
}

async function readAll(folder: string): Promise<Attestation[]> {
  const found: Attestation[] = [];
  for (const file of await namesIn(folder)) {
    if (!file.endsWith('.json')) continue;
    const attestation = readAttestation(await readFile(join(folder, file), 'utf8'));
    if (attestation !== null) found.push(attestation);
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
