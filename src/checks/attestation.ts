import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
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
