import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Below the records folder; one JSON file per statement, never changed afterwards. */
export const attestationsFolder = 'attestations';

/** `at`: ISO 8601 in UTC. `holds`: false withdraws an earlier statement and fails the check. */
export type Attestation = { statement: string; by: string; version: string; at: string; holds: boolean; note?: string };

/** Adds one statement to the records and returns its file. */
export async function writeAttestation(records: string, attestation: Attestation): Promise<string> {
  const folder = join(records, attestationsFolder);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${attestation.at.replaceAll(':', '-')}-${randomUUID().slice(0, 8)}.json`);
  // A reader must never meet half a file.
  await writeFile(`${file}.partial`, `${JSON.stringify(attestation, null, 2)}\n`, { flag: 'wx' });
  await rename(`${file}.partial`, file);
  return file;
}

/** `maxAgeMs`: older statements do not count. */
export type Wanted = { statement: string; by: readonly string[]; version: string; maxAgeMs: number };

/** Everything stated in these words, newest first. `why`: why it does not count, null where it does. */
export async function readAttestations(
  records: string,
  wanted: Wanted,
): Promise<{ attestation: Attestation; why: string | null }[]> {
  const folder = join(records, attestationsFolder);
  const found: Attestation[] = [];
  for (const file of await namesIn(folder)) {
    if (!file.endsWith('.json')) continue;
    const attestation = readAttestation(await readFile(join(folder, file), 'utf8'));
    if (attestation?.statement === wanted.statement) found.push(attestation);
  }
  found.sort((a, b) => b.at.localeCompare(a.at));
  return found.map((attestation) => ({ attestation, why: whyNot(attestation, wanted) }));
}

function whyNot(one: Attestation, { by, version, maxAgeMs }: Wanted): string | null {
  if (!by.includes(one.by)) return `${one.by} is not among those who may attest it`;
  if (one.version !== version) return `${one.by} attested it for ${one.version}`;
  return isFresh(one, maxAgeMs) ? null : `${one.by} attested it at ${one.at}, which is too old or in the future`;
}

/** Clocks of two machines differ a little; a statement from further ahead is a mistake. */
function isFresh({ at }: Attestation, maxAgeMs: number): boolean {
  const age = Date.now() - Date.parse(at);
  return age <= maxAgeMs && age > -60_000;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Null for what is no attestation. `holds` may be left out in a file written by hand. */
export function readAttestation(text: string): Attestation | null {
  const fields = parse(text);
  if (fields === null) return null;
  const { statement, by, version, at, note } = fields;
  const holds = fields.holds ?? true;
  if (typeof statement !== 'string' || typeof by !== 'string' || typeof version !== 'string') return null;
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at)) || typeof holds !== 'boolean') return null;
  const utc = new Date(at).toISOString();
  return { statement, by, version, at: utc, holds, ...(typeof note === 'string' ? { note } : {}) };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
