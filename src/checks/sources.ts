import { open, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import type { Asking } from '../release/check.ts';
import { TargetFailure } from '../release/failure.ts';
import { runCommand } from '../targets/shell/run.ts';
import type { SourceSpec } from './source.schema.ts';

/** The end of a longer file is what counts; memory has an end as well. */
const longest = 20 * 1024 * 1024;

/** `name`: how people know it. `wholly`: false where only its end was read. `changedMs`: epoch milliseconds. */
export type Source = { name: string; text: string; wholly: boolean; changedMs: number };

export type FoundFile = { name: string; path: string; size: number; changedMs: number };

/** Files that fit any of the patterns, newest last. Directories are left out. */
export async function filesOf(patterns: readonly string[], home: string): Promise<FoundFile[]> {
  const posix = patterns.map((pattern) => pattern.replace(/^\.\//, ''));
  const paths = await glob([...posix], { cwd: home, absolute: true, dot: true, expandDirectories: false });
  const found = await Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return { name: relative(home, resolve(path)), path, size, changedMs: mtimeMs };
    }),
  );
  return found.sort((a, b) => a.changedMs - b.changedMs);
}

/**
 * Reads what a check looks at; an empty list where no file fits.
 *
 * @throws TargetFailure where a file cannot be read, or the command cannot be run or does not end well
 */
export async function sourcesOf(
  { files, command, timeout }: SourceSpec,
  { home, signal }: Pick<Asking<unknown>, 'home' | 'signal'>,
): Promise<Source[]> {
  if (command === undefined) return await Promise.all((await filesOf(files, home)).map(readEnd));
  const ran = await runCommand({ command, cwd: home, env: {}, timeoutMs: timeout, signal, keep: longest });
  const name = command[0] ?? '';
  if (ran.exitCode !== 0) {
    const how = ran.timedOut ? `did not finish within ${timeout} ms` : `ended with exit code ${ran.exitCode}`;
    throw new TargetFailure('failed', `${name} ${how}`, { remedy: `run ${name} by hand` });
  }
  return [{ name, text: ran.output, wholly: ran.output.length < longest, changedMs: Date.now() }];
}

async function readEnd({ name, path, size, changedMs }: FoundFile): Promise<Source> {
  try {
    const file = await open(path);
    try {
      const from = Math.max(0, size - longest);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      return { name, text: buffer.toString('utf8', 0, bytesRead), wholly: from === 0, changedMs };
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    if (code === null) throw error;
    throw new TargetFailure('permission', `${name} cannot be read (${code})`, { remedy: 'let the worker read it' });
  }
}
