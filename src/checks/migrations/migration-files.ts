import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { TargetFailure } from '../../release/failure.ts';

/**
 * A migration of the project. `id`: how the tool knows it again. `follows`: ids of those that it builds on. `checksums`:
 * what the tool may have written down for this content; left out where it writes none down.
 */
export type Migration = { id: string; name: string; follows?: string[]; checksums?: string[] };

/** Where to look. `shown`: as people wrote it. */
export type Place = { path: string; shown: string };

export function placeOf(home: string, directory: string): Place {
  const path = resolve(home, directory);
  return { path, shown: relative(home, path) || directory };
}

/** `2_b` before `10_a`; the same on every machine. */
const order = new Intl.Collator('en', { numeric: true });

function byName(a: string, b: string): number {
  return order.compare(a, b) || (a < b ? -1 : 1);
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function unreadable(shown: string, error: unknown): TargetFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const what = code === 'ENOENT' ? `there is no ${shown}` : `${shown} cannot be read (${code})`;
  return new TargetFailure('not-found', what, { remedy: 'correct directory; a relative one begins at the plan file' });
}

async function textOf(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(shown, error);
  }
}

async function namesIn({ path, shown }: Place, what: 'isFile' | 'isDirectory'): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const wanted = entries.filter((entry) => entry[what]() && !entry.name.startsWith('.'));
    return wanted.map(({ name }) => name).sort(byName);
  } catch (error) {
    throw unreadable(shown, error);
  }
}

/** `meta/_journal.json` names the files in order; the record holds the time of a migration and the hash of its file. */
export async function drizzleMigrations(place: Place): Promise<Migration[]> {
  const journal = join(place.path, 'meta', '_journal.json');
  const entries = entriesOf(await textOf(journal, join(place.shown, 'meta', '_journal.json')), place);
  const migrations = entries.map(async ({ when, tag }) => {
    const sql = await textOf(join(place.path, `${tag}.sql`), join(place.shown, `${tag}.sql`));
    return { id: String(when), name: tag, checksums: [sha256(sql)] };
  });
  return await Promise.all(migrations);
}

function entriesOf(text: string, { shown }: Place): { when: number; tag: string }[] {
  try {
    const { entries } = JSON.parse(text) as { entries: { when: number; tag: string }[] };
    return entries.map(({ when, tag }) => ({ when, tag }));
  } catch {
    const remedy = 'see whether a merge left its marks in it';
    throw new TargetFailure('invalid-input', `${join(shown, 'meta', '_journal.json')} is no journal of drizzle`, {
      remedy,
    });
  }
}

/** One folder each. Prisma takes a content for the same whose line endings differ (schema-engine, `script_matches_checksum`). */
export async function prismaMigrations(place: Place): Promise<Migration[]> {
  const names = await namesIn(place, 'isDirectory');
  const migrations = names.map(async (name) => {
    const sql = await textOf(join(place.path, name, 'migration.sql'), join(place.shown, name, 'migration.sql'));
    const unix = sql.replaceAll('\r\n', '\n');
    return { id: name, name, checksums: [sql, unix, unix.replaceAll('\n', '\r\n')].map(sha256) };
  });
  return await Promise.all(migrations);
}

/** Code may be compiled between the project and the place where it is run, so endings do not tell migrations apart. */
export async function scriptMigrations(place: Place): Promise<Migration[]> {
  const names = (await namesIn(place, 'isFile')).filter(isScript);
  return names.map((name) => ({ id: withoutEnding(name), name }));
}

function isScript(name: string): boolean {
  return /\.([cm]?[jt]s|coffee|sql)$/.test(name) && !/\.d\.[cm]?ts$/.test(name);
}

export function withoutEnding(name: string): string {
  return basename(name, extname(name));
}

/** Their names are those of classes, or the property `name` of one; they end with the time in milliseconds. */
export async function typeormMigrations(place: Place): Promise<Migration[]> {
  const files = (await namesIn(place, 'isFile')).filter(isScript);
  const found = await Promise.all(
    files.map(async (file) => {
      const code = await textOf(join(place.path, file), join(place.shown, file));
      const named = [...code.matchAll(/\bname\s*(?::\s*\w+\s*)?=\s*['"`](\w*\d{13})['"`]/g)];
      const classes = named.length > 0 ? named : [...code.matchAll(/\bclass\s+(\w*\d{13})\b/g)];
      return classes.map(([, name = '']) => name);
    }),
  );
  const names = [...new Set(found.flat())].sort((a, b) => (a.slice(-13) < b.slice(-13) ? -1 : 1));
  return names.map((name) => ({ id: name, name }));
}

/** As a `postgres` target reads them. */
export async function sqlMigrations(place: Place): Promise<Migration[]> {
  const names = (await namesIn(place, 'isFile')).filter((name) => name.endsWith('.sql'));
  const migrations = names.map(async (name) => {
    const content = await readFile(join(place.path, name));
    return { id: name, name, checksums: [sha256(content)] };
  });
  return await Promise.all(migrations);
}

/** Modules with `revision` and `down_revision`, also in folders; the ones that others follow come first. */
export async function alembicMigrations(place: Place): Promise<Migration[]> {
  const inside = (await namesIn(place, 'isDirectory')).includes('versions') ? join(place.path, 'versions') : place.path;
  const entries = await readdir(inside, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.py'));
  const found = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const code = await textOf(join(parentPath, name), join(place.shown, name));
      const [id] = assigned(code, 'revision');
      if (id === undefined) return [];
      const dependsOn = assigned(code, 'depends_on');
      return [{ id, name: withoutEnding(name), follows: assigned(code, 'down_revision'), dependsOn }];
    }),
  );
  const ids = new Set(found.flat().map(({ id }) => id));
  const migrations = found.flat().map(({ dependsOn, follows, ...migration }) => {
    // What is no revision is the name of a branch.
    return { ...migration, follows: [...follows, ...dependsOn.filter((one) => ids.has(one))] };
  });
  return inOrder(migrations.sort((a, b) => byName(a.name, b.name)));
}

/** The texts that a module assigns to a name: one, several in a tuple or a list, or none. */
function assigned(code: string, name: string): string[] {
  const [, value = ''] =
    new RegExp(`^${name}\\b[^=\\n]*=\\s*(\\([^)]*\\)|\\[[^\\]]*\\]|[^\\n#]*)`, 'm').exec(code) ?? [];
  return [...value.matchAll(/['"]([^'"]+)['"]/g)].map(([, text = '']) => text);
}

/** What follows nobody that is left comes next; a ring or a gap stays at the end. */
function inOrder(migrations: Migration[]): Migration[] {
  const sorted: Migration[] = [];
  let left = migrations;
  while (left.length > 0) {
    const ids = new Set(left.map(({ id }) => id));
    const next = left.filter(({ follows = [] }) => !follows.some((one) => ids.has(one)));
    if (next.length === 0) return [...sorted, ...left];
    sorted.push(...next);
    left = left.filter((one) => !next.includes(one));
  }
  return sorted;
}
