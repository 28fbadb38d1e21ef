import type { Answer, Asking, Check } from '../../release/check.ts';
import { TargetFailure } from '../../release/failure.ts';
import { answerOf, pending } from '../answer.ts';
import { type Migration, type Place, placeOf } from './migration-files.ts';
import { type MigrationRecord, recordOf } from './migration-record.ts';
import { migrationTools, type Tool } from './migration-tools.ts';
import type { MigrationsSpec, ToolName } from './migrations.schema.ts';

/** Compares the migrations of the project with what their tool wrote down in the database. */
export const migrations: Check<MigrationsSpec> = { ask };

async function ask({ spec, home, signal }: Asking<MigrationsSpec>): Promise<Answer> {
  signal.throwIfAborted();
  const tool = migrationTools[spec.tool];
  const place = placeOf(home, spec.directory ?? tool.directory);
  try {
    const written = await tool.read(place);
    if (written.length === 0 && tool.mayBeEmpty !== true) return nothingWritten(spec, place);
    const record = await recordOf(spec, written, signal);
    if ('status' in record) return record;
    const other = await otherRecord(spec, written, signal);
    if (other !== null && 'status' in other) return { ...other, summary: `the database of also: ${other.summary}` };
    return judged(spec, { written, record, other, place });
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    return pending(error.message, error.details.evidence ?? '', error.details.remedy ?? 'see the message');
  }
}

function nothingWritten({ tool }: MigrationsSpec, { shown }: Place): Answer {
  return pending(`there are no migrations of ${tool} in ${shown}`, '', 'correct directory, or tool');
}

async function otherRecord(
  spec: MigrationsSpec,
  written: readonly Migration[],
  signal: AbortSignal,
): Promise<MigrationRecord | Answer | null> {
  if (spec.also === undefined) return null;
  if (spec.also === spec.url) return pending('url and also are the same database', '', 'give the address of the other');
  return await recordOf({ ...spec, url: spec.also }, written, signal);
}

type Seen = { written: Migration[]; record: MigrationRecord; other: MigrationRecord | null; place: Place };

/** What is wrong, and what helps. */
type Problem = { status: 'FAIL' | 'WARN'; said: string; remedy: string };

function judged(spec: MigrationsSpec, seen: Seen): Answer {
  const tool = migrationTools[spec.tool];
  const waiting = pendingOf(seen.written, seen.record);
  const problems = [
    ...halfDone(spec.tool, seen.record),
    ...notApplied(spec, seen, waiting),
    ...strangers(tool, seen),
    ...edits(tool, seen),
    ...wrongHead(spec, seen.record),
    ...behind(spec, seen, waiting),
    ...manyHeads(spec, seen.written),
  ];
  const failures = problems.filter(({ status }) => status === 'FAIL');
  const warnings = problems.filter(({ status }) => status === 'WARN');
  const applied = seen.written.length - waiting.length;
  const newest = headOf(seen.record);
  return answerOf({
    failures: failures.map(({ said }) => said),
    warnings: warnings.map(({ said }) => said),
    seen: [
      `${seen.record.table}: ${applied} of ${seen.written.length} migrations of ${seen.place.shown}`,
      `newest applied: ${newest ?? 'none'}`,
      ...(waiting.length === 0 ? [] : [`pending: ${waiting.map(({ name }) => name).join(', ')}`]),
    ].join('\n'),
    good: goodOf(seen, waiting),
    remedy: (failures[0] ?? warnings[0])?.remedy ?? '',
  });
}

function goodOf({ written, other, place }: Seen, waiting: readonly Migration[]): string {
  if (waiting.length === 0) return `all ${written.length} migrations of ${place.shown} are applied`;
  const rehearsed = other === null ? '' : ', and the other database has them';
  return `${waiting.length} of ${written.length} migrations wait to be applied${rehearsed}: ${namesOf(waiting)}`;
}

function namesOf(some: readonly { name: string }[]): string {
  const names = some.slice(0, 3).map(({ name }) => name);
  return some.length > names.length ? `${names.join(', ')} and ${some.length - names.length} more` : names.join(', ');
}

function pendingOf(written: readonly Migration[], { rows }: MigrationRecord): Migration[] {
  const known = new Set(rows.filter(({ state }) => state !== 'undone').map(({ id }) => id));
  return written.filter(({ id }) => !known.has(id));
}

function headOf({ rows }: MigrationRecord): string | null {
  return rows.findLast(({ state }) => state === 'applied')?.name ?? null;
}

function halfDone(name: ToolName, { rows, locked, table }: MigrationRecord): Problem[] {
  const tool = migrationTools[name];
  const failed = rows.filter(({ state }) => state === 'failed');
  const problems: Problem[] = failed.map((one) => ({
    status: 'FAIL',
    said: `${one.name} began and did not finish`,
    remedy: tool.repair?.(one.name) ?? `finish it by hand, and run ${tool.apply}`,
  }));
  if (!locked) return problems;
  const said = `${table} is locked: somebody migrates, or was cut off`;
  return [...problems, { status: 'FAIL', said, remedy: tool.lock?.unlock ?? '' }];
}

function notApplied(spec: MigrationsSpec, { written, record }: Seen, waiting: readonly Migration[]): Problem[] {
  const { apply, onlyNewer } = migrationTools[spec.tool];
  if (!record.there && written.length > 0) {
    const status = spec.pending === 'allowed' ? 'WARN' : 'FAIL';
    const said = `nothing was ever migrated: there is no table ${record.table}`;
    return [{ status, said, remedy: `see whether this is the database, and its schema and table; then ${apply}` }];
  }
  const newest = Math.max(...record.rows.map(({ id }) => Number(id)));
  const passed = onlyNewer ? waiting.filter(({ id }) => Number(id) < newest) : [];
  const problems: Problem[] = passed.map(({ name }) => ({
    status: 'FAIL',
    said: `${name} will never be applied: ${spec.tool} only applies what is newer than the newest applied`,
    remedy: 'make it anew, so that it comes after the others',
  }));
  if (spec.pending === 'allowed' || waiting.length === passed.length) return problems;
  const left = waiting.filter((one) => !passed.includes(one));
  const said = `${left.length} of ${written.length} migrations are pending: ${namesOf(left)}`;
  const remedy = `${apply}; before a release that applies them, write pending: allowed`;
  return [...problems, { status: 'FAIL', said, remedy }];
}

/** Applied, and not in the directory. */
function strangers({ unknown }: Tool, { written, record, place }: Seen): Problem[] {
  const known = new Set(written.map(({ id }) => id));
  const strange = record.rows.filter(({ id, state }) => !known.has(id) && state === 'applied');
  if (strange.length === 0) return [];
  const said = `${namesOf(strange)} is applied and not in ${place.shown}: ${unknown.why}`;
  return [{ status: unknown.status, said, remedy: unknown.remedy }];
}

function edits({ edited }: Tool, { written, record }: Seen): Problem[] {
  const changed = written.filter((migration) => differs(migration, record));
  return changed.map(({ name }) => ({ ...edited, said: `${name} is not what was applied: ${edited.why}` }));
}

function differs({ id, checksums }: Migration, { rows }: MigrationRecord): boolean {
  const row = rows.find((one) => one.id === id && one.state === 'applied');
  return checksums !== undefined && row?.checksum !== undefined && !checksums.includes(row.checksum);
}

/** `0007` stands for `0007_orders`. */
function wrongHead({ expect }: MigrationsSpec, record: MigrationRecord): Problem[] {
  const head = headOf(record);
  if (expect === undefined) return [];
  const newest = record.rows.findLast(({ state }) => state === 'applied');
  const fits = [newest?.name, newest?.id].some(
    (name) =>
      name === expect.head || (name?.startsWith(expect.head) && /^[^A-Za-z0-9]/.test(name.slice(expect.head.length))),
  );
  if (fits) return [];
  const said = `the newest applied migration is ${head ?? 'none'}, expected ${expect.head}`;
  return [{ status: 'FAIL', said, remedy: 'migrate up or down to it, or correct expect' }];
}

/** What is about to be applied must have been applied there before, and with the same content. */
function behind({ tool, pending: meaning }: MigrationsSpec, { other }: Seen, waiting: readonly Migration[]): Problem[] {
  if (other === null) return [];
  const about = meaning === 'allowed' ? 'about to be applied' : 'pending';
  const missing = pendingOf(waiting, other);
  const problems: Problem[] = halfDone(tool, other);
  if (missing.length > 0) {
    const said = `${namesOf(missing)} is ${about}, and was never applied to the other database`;
    problems.push({ status: 'FAIL', said, remedy: `${migrationTools[tool].apply} there first` });
  }
  for (const { name } of waiting.filter((one) => differs(one, other))) {
    const said = `${name} is ${about}, and the other database got another content of it`;
    problems.push({ status: 'FAIL', said, remedy: 'restore the other database, and migrate it anew' });
  }
  return problems;
}

/** Alembic alone has branches. */
function manyHeads({ tool }: MigrationsSpec, written: readonly Migration[]): Problem[] {
  if (tool !== 'alembic') return [];
  const followed = new Set(written.flatMap(({ follows = [] }) => follows));
  const ids = new Set(written.map(({ id }) => id));
  const heads = written.filter(({ id }) => !followed.has(id));
  const gaps = [...followed].filter((id) => !ids.has(id));
  const problems: Problem[] = gaps.map((id) => ({
    status: 'FAIL',
    said: `a revision follows ${id}, which is not there`,
    remedy: 'bring its file back: alembic refuses to work without it',
  }));
  if (heads.length < 2) return problems;
  const said = `there are ${heads.length} heads, and alembic upgrade head refuses: ${namesOf(heads)}`;
  return [...problems, { status: 'WARN', said, remedy: 'alembic merge heads' }];
}
