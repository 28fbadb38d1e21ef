import { homedir } from 'node:os';
import { join } from 'node:path';

/** Directory of tools that were fetched or built once; everything in it may be deleted at any time. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment.SAVEPOINT_CACHE ?? environment.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(base, 'savepoint');
}
