import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Objection, Path } from './problem.ts';
import { hasReference } from './references.ts';
import type { WrittenRelease } from './schema/release.schema.ts';
import { targetsOf } from './written.ts';

type Named = { path: Path; file: string; wanted: 'directory' | 'file or directory' };

/** Looks whether what a plan refers to is there. Relative paths start at `home`. */
export async function fileObjections(written: WrittenRelease, home: string): Promise<Objection[]> {
  const named = [
    ...targetsOf(written).flatMap(({ name, target }) => filesOf(target, ['targets', name])),
    ...(written.performance?.k6 ?? []).map(({ script }, index): Named => {
      return { path: ['performance', 'k6', index, 'script'], file: script, wanted: 'file or directory' };
    }),
  ];
  const found = await Promise.all(named.filter(({ file }) => !hasReference(file)).map((each) => objection(each, home)));
  return found.filter((each) => each !== null);
}

/** Sources, migrations and seeds by the names that every kind uses for them. */
function filesOf(target: object, path: Path): Named[] {
  const found: Named[] = [];
  const source: unknown = Reflect.get(target, 'source');
  if (typeof source === 'string') found.push({ path: [...path, 'source'], file: source, wanted: 'directory' });
  const git: unknown = fieldOf(source, 'git');
  if (typeof git === 'string' && !git.includes('://') && !/^[\w.-]+@/.test(git)) {
    found.push({ path: [...path, 'source', 'git'], file: git, wanted: 'directory' });
  }
  for (const change of ['migrate', 'seed']) {
    const written: unknown = Reflect.get(target, change);
    const directory = fieldOf(written, 'directory');
    if (typeof directory === 'string') {
      found.push({ path: [...path, change, 'directory'], file: directory, wanted: 'directory' });
    }
    const files = fieldOf(written, 'files');
    for (const [index, file] of (Array.isArray(files) ? files : []).entries()) {
      found.push({ path: [...path, change, 'files', index], file: String(file), wanted: 'file or directory' });
    }
  }
  return found;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}

async function objection({ path, file, wanted }: Named, home: string): Promise<Objection | null> {
  const base = { rule: 'files-exist', severity: 'error', path, at: 'value' } as const;
  const remedy = 'paths start at the directory of the plan file';
  try {
    const found = await stat(resolve(home, file));
    if (wanted === 'directory' && !found.isDirectory())
      return { ...base, message: `${file} is not a directory`, remedy };
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    return { ...base, message: `there is no ${wanted} ${file}`, remedy };
  }
}
