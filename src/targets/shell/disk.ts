import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Finding } from '../../release/target.ts';
import { exists } from './files.ts';

/** The path itself, or the nearest directory above it that exists. */
export async function nearest(path: string): Promise<string> {
  let at = path;
  while (!(await exists(at)) && dirname(at) !== at) at = dirname(at);
  return at;
}

export async function writable(path: string): Promise<Finding> {
  const at = await nearest(path);
  const allowed = await access(at, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (allowed) return { status: 'PASS', what: 'the root can be written' };
  return { status: 'FAIL', what: `${at} cannot be written`, remedy: 'give the worker the right to write there' };
}
