import { cp, mkdir, rm, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';
import type { SourceSpec } from './command.schema.ts';
import { exists, pathFrom } from './files.ts';
import { runCommand } from './run.ts';
import { lastLines } from './tail.ts';

type Copy = { source: SourceSpec; home: string; into: string; root: string; signal: AbortSignal };

/**
 * Copies a source into a new directory: a directory without its `.git`, or the files of the commit that a ref names now.
 * @returns the commit, null for a directory
 * @throws TargetFailure `not-found` when there is no such directory or ref
 */
export async function copySource(copy: Copy): Promise<string | null> {
  const { source, home, into } = copy;
  if (typeof source !== 'string') return checkOut(copy, source);
  const from = pathFrom(home, source);
  const isDirectory = await stat(from).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) throw new TargetFailure('not-found', `the source ${source} is no directory`);
  if (!relative(from, copy.root).startsWith('..')) {
    throw new TargetFailure('invalid-input', `the source ${source} holds the target's own root`, {
      remedy: 'choose a `root` outside the source',
    });
  }
  await cp(from, into, { recursive: true, verbatimSymlinks: true, filter: (path) => basename(path) !== '.git' });
  return null;
}

async function checkOut(copy: Copy, source: Exclude<SourceSpec, string>): Promise<string> {
  const repository = pathFrom(copy.home, source.git);
  if (!(await exists(repository))) throw new TargetFailure('not-found', `there is no repository ${source.git}`);
  const revision = `${source.ref}^{commit}`;
  const wrong = `${source.git} has no commit ${source.ref}`;
  const commit = await git(copy, repository, wrong, ['rev-parse', '--verify', '--end-of-options', revision]);
  const path = source.path === '.' ? commit : `${commit}:${source.path.replace(/^\.\//, '')}`;
  const archive = `${copy.into}.tar`;
  const noPath = `${source.path} is not in ${source.ref}`;
  await git(copy, repository, noPath, ['archive', '--format=tar', '--output', archive, path]);
  await mkdir(copy.into, { recursive: true });
  await run(copy, 'the archive could not be unpacked', ['tar', '-xf', archive, '-C', copy.into], join(copy.into, '..'));
  await rm(archive, { force: true });
  return commit;
}

function git(copy: Copy, repository: string, wrong: string, words: string[]): Promise<string> {
  return run(copy, wrong, ['git', '-C', repository, ...words], repository);
}

async function run(copy: Copy, wrong: string, command: string[], cwd: string): Promise<string> {
  const ran = await runCommand({ command, cwd, env: { LC_ALL: 'C' }, timeoutMs: 300_000, signal: copy.signal });
  if (ran.exitCode !== 0) throw new TargetFailure('not-found', wrong, { evidence: lastLines(ran.output, 5) });
  return ran.stdout.trim();
}
