import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix, relative } from 'node:path';
import { type Import, importsOf } from './imports.ts';
import { corners, never, type Room, rooms } from './rooms.ts';

/** `file` and the message name paths below the project. */
export type Breach = { file: string; line: number; message: string };

/** A file belongs to the room of its folder, and to a corner when it is in one. `path` is relative to `src`. */
function places(path: string): { room: string; corner: string | null } {
  const room = (path.split('/')[0] ?? '').replace(/\.ts$/, '');
  return { room, corner: corners.find(({ matches }) => matches.test(path))?.name ?? null };
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function mayUsePackage(name: string, importer: string, room: Room): boolean {
  if (room.packages !== 'any') return room.packages.includes(name);
  return !(never[importer] ?? []).some((pattern) => pattern.test(name));
}

function relativeReason(path: string, found: Import & { specifier: string }, importer: string): string | null {
  const target = posix.normalize(posix.join(dirname(path), found.specifier));
  if (target.startsWith('..')) return `${importer} may import nothing outside src: ${found.specifier}`;
  const { room: targetRoom, corner } = places(target);
  const room = rooms[importer] as Room;
  const allowed = found.typeOnly ? [...room.rooms, ...(room.typesOf ?? [])] : room.rooms;
  // A room may use its own corners; a corner may not use the room around it.
  if ((corner ?? targetRoom) === importer || allowed.includes(corner ?? targetRoom)) return null;
  if (corner !== null && (allowed.includes(targetRoom) || targetRoom === importer)) return null;
  const how = !found.typeOnly && room.typesOf?.includes(targetRoom) ? 'only types of' : 'nothing of';
  return `${importer} may import ${how} ${corner ?? targetRoom}: ${found.specifier}`;
}

function reason(path: string, importer: string, found: Import): string | null {
  const room = rooms[importer] as Room;
  const { specifier } = found;
  if (specifier === null) {
    return room.packages === 'any' ? null : `${importer} may not compute the name of what it imports`;
  }
  if (specifier.startsWith('.')) return relativeReason(path, { ...found, specifier }, importer);
  if (isBuiltin(specifier)) return room.node ? null : `${importer} may not use Node: ${specifier}`;
  const name = packageOf(specifier);
  return mayUsePackage(name, importer, room) ? null : `${importer} may not use the package ${name}`;
}

/** Breaches of one file. `path` is relative to `src`, with forward slashes. */
export function breachesOf(path: string, source: string): Breach[] {
  const { room, corner } = places(path);
  const importer = corner ?? room;
  if (rooms[importer] === undefined) {
    return [{ file: `src/${path}`, line: 1, message: `${importer} is no room that scripts/walls/rooms.ts knows` }];
  }
  return importsOf(path, source).flatMap((found) => {
    const message = reason(path, importer, found);
    return message === null ? [] : [{ file: `src/${path}`, line: found.line, message }];
  });
}

/** Breaches of every TypeScript file below `root`/src, and how many files were read. */
export function breachesIn(root: string): { breaches: Breach[]; files: number } {
  const src = join(root, 'src');
  const paths = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(src, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
  const breaches = paths.flatMap((path) => breachesOf(path, readFileSync(join(src, path), 'utf8')));
  return { breaches, files: paths.length };
}
