import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Guarded, startGuarded } from '../guarded.ts';

type Starting = { words: string[]; env?: NodeJS.ProcessEnv; cwd?: string; logFile: string };

/** Starts a program of this directory as a process of its own, from source as from the built package. */
export async function startOwnProgram(name: string, { words, env, cwd, logFile }: Starting): Promise<Guarded> {
  const extension = extname(fileURLToPath(import.meta.url));
  const program = fileURLToPath(new URL(`./${name}${extension}`, import.meta.url));
  const loader = extension === '.ts' ? ['--import', 'tsx'] : [];
  const log = await open(logFile, 'a');
  try {
    const surroundings = { env: env ?? process.env, log: log.fd, ...(cwd === undefined ? {} : { cwd }) };
    return startGuarded(process.execPath, [...loader, program, ...words], surroundings);
  } finally {
    await log.close();
  }
}
