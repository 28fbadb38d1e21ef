import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Found, Missing, Surroundings } from './reference.ts';

/** `${file:path}`, relative to the plan's directory; white space around the content is dropped. */
export async function readReferencedFile(path: string, { home }: Surroundings): Promise<Found | Missing> {
  try {
    const value = (await readFile(resolve(home, path), 'utf8')).trim();
    return value === '' ? { missing: 'is empty' } : { value, version: null };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    return { missing: code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})` };
  }
}
