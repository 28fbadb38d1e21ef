import { TargetFailure } from '../../release/failure.ts';
import type { Call, Confirmation } from '../../release/target.ts';
import { standing } from './compare.ts';
import { findDatabase, type Session, withSession } from './connection.ts';
import { openAnywhere, openMaintenanceIfThere } from './maintenance.ts';
import { ownTable } from './migration-state.ts';
import { applicationName, type Place, placeOf } from './names.ts';
import type { PostgresChangeSpec, PostgresSpec } from './postgres.schema.ts';
import { savepointOfRelease } from './savepoints.ts';
import { type PinnedFile, type PostgresChange, readPinned } from './sql-files.ts';
import { toolStateOf } from './tool-state.ts';
import { tracesOf } from './traces.ts';

/** One question about one change. `inside` is a session in the released database. */
type Asking = {
  call: Call<PostgresSpec>;
  place: Place;
  change: PostgresChange;
  spec: PostgresChangeSpec;
  files: PinnedFile[];
  inside: Session;
};

const unknown = (detail: string): Confirmation => ({ state: 'unknown', detail });
const done = (detail: string): Confirmation => ({ state: 'done', detail });
const notDone = (detail: string): Confirmation => ({ state: 'not-done', detail });

/**
 * Has the change taken effect, whoever made it? The record in the database tells first, a tool's own or Savepoint's;
 * then what the SQL would leave in the catalogue; then the comparison with the savepoint. Changes nothing.
 */
export async function confirm(call: Call<PostgresSpec>, named: string, version: string): Promise<Confirmation> {
  call.signal.throwIfAborted();
  const change = (['migrate', 'seed'] as const).find((known) => known === named);
  if (change === undefined) return unknown(`a database does not know the change ${named}`);
  const spec = call.spec[change];
  if (spec === null) return unknown(`the plan does not say how to ${change}`);
  const files = await readPinned(call, change, spec).catch((error: unknown) => {
    if (error instanceof TargetFailure) return error;
    throw error;
  });
  if (files instanceof TargetFailure) return unknown(`what was approved for ${version} is not here: ${files.message}`);
  const place = placeOf(call.spec);
  const found = await databaseOf(place, applicationName(call));
  if (found === null) return notDone(`there is no database ${place.database}`);
  if (!found.allowConnections) return unknown(`${place.database} lets nobody in`);
  return withSession({ place, database: place.database, application: applicationName(call) }, (inside) => {
    const asking = { call, place, change, spec, files, inside };
    return spec.command === null ? confirmFiles(asking) : confirmCommand(asking);
  });
}

async function databaseOf(place: Place, application: string): ReturnType<typeof findDatabase> {
  const session = await openAnywhere(place, application);
  try {
    return await findDatabase(session, place.database);
  } finally {
    await session.close();
  }
}

async function recordedIn({ inside, change }: Asking): Promise<Map<string, string[]>> {
  const [there] = await inside.rows<{ there: boolean }>(`select to_regclass('${ownTable}') is not null as there`);
  const recorded = new Map<string, string[]>();
  if (there?.there !== true) return recorded;
  const rows = await inside.rows<{ name: string; sha256: string }>(
    `select name, sha256 from ${ownTable} where kind = $1`,
    [change],
  );
  for (const { name, sha256 } of rows) recorded.set(name, [...(recorded.get(name) ?? []), sha256]);
  return recorded;
}

async function confirmFiles(asking: Asking): Promise<Confirmation> {
  const { files, change, inside } = asking;
  const recorded = await recordedIn(asking);
  const missing = files.filter(({ name, sha256 }) => recorded.get(name)?.includes(sha256) !== true);
  if (missing.length === 0) return done(`${files.length} files of ${change} are recorded in the database`);
  const edited = missing.filter(({ name }) => change === 'migrate' && recorded.has(name));
  if (edited.length > 0) return unknown(`recorded with another content: ${namesOf(edited)}`);
  const traces = await tracesOf(inside, missing);
  const what = `no record of ${namesOf(missing)}; ${traces.detail}`;
  if (traces.state === 'there') return done(`${what}; done by hand, so the next release would run it again`);
  if (traces.state === 'not there') return notDone(what);
  return traces.tells ? unknown(what) : sinceSavepoint(asking, what);
}

function namesOf(files: readonly { name: string }[]): string {
  const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
  return `${files
    .slice(0, 3)
    .map(({ name }) => name)
    .join(', ')}${more}`;
}

async function confirmCommand(asking: Asking): Promise<Confirmation> {
  const { inside, files, spec, call } = asking;
  const tool = await toolStateOf(inside, files, spec.command ?? []);
  if (tool === null) {
    const ended = await endedWell(asking);
    if (ended) return done('the command ended well in this release, and the database was not exchanged since');
    const what = 'no record of a known migration tool is readable; name its migrations in `files`';
    return sinceSavepoint(asking, what);
  }
  if (tool.broken !== null) return unknown(`${tool.name}: ${tool.broken}`);
  if (tool.missing.length === 0) return done(`${tool.name} has recorded all ${tool.wanted} migrations`);
  const what = `${tool.name} has no record of ${namesOf(tool.missing)}`;
  if (tool.sql) {
    const traces = await tracesOf(
      inside,
      tool.missing.flatMap(({ sql }) => sql),
    );
    if (traces.state === 'there') return done(`${what}; ${traces.detail}; done by hand, so it would be run again`);
    if (traces.state === 'not there') return notDone(`${what}; ${traces.detail}`);
  }
  const since = await standingOf(asking);
  if (since === null || since.state === 'equal') return notDone(what);
  return unknown(`${what}, and the database changed since the savepoint of ${call.release}: ${since.detail}`);
}

/** What Savepoint wrote down of this release's attempt; an exchange of the database takes it away. */
async function endedWell({ call, place, change }: Asking): Promise<boolean> {
  const maintenance = await openMaintenanceIfThere(place, applicationName(call));
  if (maintenance === null) return false;
  try {
    const rows = await maintenance.rows(
      `select from savepoint.attempts where database = $1 and release = $2 and change = $3 and state = 'done'`,
      [place.database, call.release, change],
    );
    return rows.length > 0;
  } finally {
    await maintenance.close();
  }
}

/** Null when this release took no savepoint of the database. */
async function standingOf({ call, place }: Asking): Promise<Awaited<ReturnType<typeof standing>> | null> {
  const application = applicationName(call);
  const maintenance = await openMaintenanceIfThere(place, application);
  if (maintenance === null) return null;
  try {
    const saved = await savepointOfRelease(maintenance, place.database, call.release);
    if (saved?.savepoint == null) return null;
    return await standing({ place, application, maintenance }, call.release, saved.savepoint);
  } finally {
    await maintenance.close();
  }
}

/** Only where every row was compared does an equal database prove that nothing was done. */
async function sinceSavepoint(asking: Asking, what: string): Promise<Confirmation> {
  const since = await standingOf(asking);
  if (since?.state === 'equal' && since.proof.level === 'content') {
    return notDone(`${what}; the database is as it was saved, every row of it`);
  }
  return unknown(`${what}; ${since === null ? 'there is no savepoint to compare with' : since.detail}`);
}
