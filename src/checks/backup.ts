import type { Answer, Asking, Check } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import { duration } from '../release/wording.ts';
import { answerOf, pending } from './answer.ts';
import type { BackupSpec } from './backup.schema.ts';
import { momentOf } from './logs/log-times.ts';
import { filesOf, sourcesOf } from './sources.ts';
import { readRows } from './sql/sql.ts';
import { answerToSqlError } from './sql/sql-error.ts';

/** Looks at backups in a folder, as a command lists them, or in a table. */
export const backup: Check<BackupSpec> = { ask };

/** `size` in bytes, null where it is not known. */
type Backup = { name: string; atMs: number; size: number | null };

/** What was listed; `unread`: entries without a time that can be read. */
type Listed = { backups: Backup[]; unread: string[] };

async function ask(asking: Asking<BackupSpec>): Promise<Answer> {
  const { spec, signal } = asking;
  const listed = await list(asking).catch((error: unknown) => {
    signal.throwIfAborted();
    if (spec.sql === undefined) throw error;
    return answerToSqlError(error);
  });
  if ('status' in listed) return listed;
  const [first] = listed.unread;
  if (first !== undefined)
    return pending(
      `no time can be read from ${first}`,
      listed.unread.slice(0, 5).join('\n'),
      'correct what lists the backups',
    );
  return judged(
    spec,
    listed.backups.sort((a, b) => a.atMs - b.atMs),
  );
}

async function list({ spec, home, signal }: Asking<BackupSpec>): Promise<Listed> {
  if (spec.sql !== undefined) {
    const rows = await readRows({ ...spec.sql, timeout: spec.timeout }, signal);
    return sorted(rows.map(([at = null, size = null], index) => entry(`row ${index + 1}`, at, size)));
  }
  if (spec.command !== undefined) {
    const [printed] = await sourcesOf({ files: [], command: spec.command, timeout: spec.timeout }, { home, signal });
    const lines = (printed?.text ?? '').split('\n').filter((line) => line.trim() !== '');
    return sorted(lines.map((line) => entry(line, ...halves(line))));
  }
  const { dated } = spec;
  const files = await filesOf(spec.files, home);
  return sorted(
    files.map(({ name, size, changedMs }) =>
      dated === undefined
        ? { name, atMs: changedMs, size }
        : entry(name, new RegExp(dated, 'u').exec(name)?.[1] ?? null, size),
    ),
  );
}

/** `2026-03-07 02:15:09 1048576`: the last word is a size where it is a number of its own. */
function halves(line: string): [at: string, size: string | null] {
  const words = line.trim().split(/\s+/);
  const size = words.length > 1 && /^\d+$/.test(words.at(-1) ?? '') ? words.pop() : undefined;
  return [words.join(' '), size ?? null];
}

function entry(name: string, at: Json, size: Json): Backup | string {
  const atMs = typeof at === 'string' || typeof at === 'number' ? momentOf(String(at)) : null;
  return atMs === null ? name : { name, atMs, size: size === null ? null : Number(size) };
}

function sorted(entries: readonly (Backup | string)[]): Listed {
  return {
    backups: entries.filter((each) => typeof each !== 'string'),
    unread: entries.filter((each) => typeof each === 'string'),
  };
}

function judged(spec: BackupSpec, backups: readonly Backup[]): Answer {
  const remedy = 'see the job that makes backups, and make one before the release';
  const newest = backups.at(-1);
  const oldest = backups[0];
  if (newest === undefined || oldest === undefined)
    return { status: 'FAIL', summary: 'there is no backup', evidence: '', remedy };
  const age = ({ atMs }: Backup): number => Date.now() - atMs;
  const { min, max } = spec.kept;
  const failures: string[] = [];
  if (age(newest) > spec.newest)
    failures.push(`the newest backup is ${duration(age(newest))} old, expected at most ${duration(spec.newest)}`);
  if (age(newest) < -60_000) failures.push('the newest backup is from the future');
  if (spec.size !== undefined && newest.size !== null && newest.size < spec.size)
    failures.push(`the newest backup has ${newest.size} bytes, expected at least ${spec.size}`);
  if (spec.count !== undefined && backups.length < spec.count)
    failures.push(`there are ${backups.length} backups, expected at least ${spec.count}`);
  if (min !== undefined && age(oldest) < min)
    failures.push(`the oldest backup is ${duration(age(oldest))} old, they should be kept for ${duration(min)}`);
  const tooOld = max !== undefined && age(oldest) > max;
  return answerOf({
    failures,
    warnings: tooOld ? [`the oldest backup is ${duration(age(oldest))} old, expected at most ${duration(max)}`] : [],
    seen: `${backups.length} backups, the newest ${newest.name} of ${new Date(newest.atMs).toISOString()}, the oldest of ${new Date(oldest.atMs).toISOString()}`,
    good: `the newest of ${backups.length} backups is ${duration(age(newest))} old`,
    remedy,
  });
}
