import { TargetFailure } from '../../release/failure.ts';
import type { Call, Finding, Survey } from '../../release/target.ts';
import { catalogueHash } from './catalogue.ts';
import { readNow } from './compare.ts';
import { findDatabase, type Session, withSession } from './connection.ts';
import type { Facts } from './fingerprint.ts';
import { openAnywhere } from './maintenance.ts';
import { applicationName, besideName, copyName, type Place, placeOf } from './names.ts';
import { surveyExtensions, surveyFollowers, surveyHold, surveyLeftovers, surveyWriters } from './obstacles.ts';
import { refusedByPooler, surveyPooler } from './pooler.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { type Role, readRole, surveyMaintenance, surveyReading, surveyRights } from './rights.ts';
import { surveyRoom } from './room.ts';
import { surveyMigration } from './rules/survey.ts';
import { findTools, majorVersion } from './tools.ts';

const oldestVersion = 14;

/** Looks for the room that the copies need. */
type SurveyRoom = typeof surveyRoom;

/** Can it be changed, and can every undo be done? Changes nothing, creates nothing. */
export function survey(call: Call<PostgresSpec>): Promise<Survey> {
  return surveyWith(call, surveyRoom);
}

/** As `survey`, where copies are made elsewhere. */
export async function surveyWith(call: Call<PostgresSpec>, room: SurveyRoom): Promise<Survey> {
  const place = placeOf(call.spec);
  const application = applicationName(call);
  const session = await openAnywhere(place, application).catch((error: unknown) => {
    if (error instanceof TargetFailure && ['unreachable', 'permission', 'not-found'].includes(error.kind)) return error;
    throw error;
  });
  if (session instanceof TargetFailure) {
    const pooler = refusedByPooler(session);
    if (pooler !== null) return { findings: [pooler], running: null };
    const remedy = session.details.remedy ?? 'check url, the server and its pg_hba.conf';
    return { findings: [{ status: 'FAIL', what: session.message, remedy }], running: null };
  }
  try {
    const pooler = surveyPooler(session);
    // Whatever else it answered may be another session's answer.
    if (pooler.length > 0) return { findings: pooler, running: 'cannot be read' };
    return await surveyServer(call, session, { place, application, room });
  } finally {
    await session.close();
  }
}

type Where = { place: Place; application: string; room: SurveyRoom };

async function surveyServer(call: Call<PostgresSpec>, session: Session, where: Where): Promise<Survey> {
  const { place } = where;
  const role = await readRole(session);
  const findings = [
    ...(await surveyVersion(call, session)),
    ...(await surveyRights(session, place, role)),
    ...(await surveyMaintenance(session, role)),
  ];
  if ((await findDatabase(session, place.database)) === null) {
    findings.push({ status: 'PASS', what: `${place.database} does not exist yet; this release makes it` });
    return { findings, running: null };
  }
  findings.push(...(await surveyFollowers(session, place)));
  findings.push(...(await surveyWriters(session, place, role)));
  findings.push(...(await where.room(call, session, place)));
  findings.push(...(await surveyHold(session, place, call.release)));
  const expected = [copyName(place.database, call.release), besideName(place.database, call.release)];
  findings.push(...(await surveyLeftovers(session, place, expected)));
  const inside = await surveyInside(call, where, role);
  return { findings: [...findings, ...inside.findings], running: inside.running ?? (await identify(session, where)) };
}

async function surveyVersion(call: Call<PostgresSpec>, session: Session): Promise<Finding[]> {
  const major = await majorVersion(session);
  const findings: Finding[] =
    major >= oldestVersion
      ? [{ status: 'PASS', what: `PostgreSQL ${major} answers` }]
      : [{ status: 'FAIL', what: `PostgreSQL ${major} is too old`, remedy: `use version ${oldestVersion} or later` }];
  if (call.spec.savepoint.by === 'template') return findings;
  try {
    const tools = await findTools(call, major);
    findings.push({ status: 'PASS', what: `pg_dump of version ${major} is ${tools.dump}` });
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    findings.push({ status: 'FAIL', what: error.message, remedy: error.details.remedy ?? '' });
  }
  return findings;
}

async function surveyInside(call: Call<PostgresSpec>, where: Where, role: Role): Promise<Survey> {
  try {
    return await withSession({ ...where, database: where.place.database }, async (inside) => ({
      findings: [
        ...(await surveyReading(inside, role)),
        ...(await surveyExtensions(inside, call.spec.savepoint.by)),
        ...(await surveyMigration(call, inside)),
      ],
      running: null,
    }));
  } catch (error) {
    if (!(error instanceof TargetFailure) || error.kind === 'unreachable') throw error;
    const remedy = error.details.remedy ?? `let ${role.name} connect to ${where.place.database}`;
    return { findings: [{ status: 'FAIL', what: error.message, remedy }], running: 'cannot be read' };
  }
}

/** Short and stable: the newest migration and a hash of the structure and the migration state. */
async function identify(session: Session, where: Where): Promise<string | null> {
  const facts: Facts | null = await readNow({ ...where, maintenance: session }, 'structure').catch((error: unknown) => {
    if (error instanceof TargetFailure && error.kind === 'permission') return null;
    throw error;
  });
  if (facts === null) return null;
  const parts = Object.entries(facts.catalogue).map(([kind, objects]) => [kind, catalogueHash(objects)]);
  const structure = catalogueHash(Object.fromEntries([...parts, ['migrations', facts.migrations.value]]));
  return `${facts.migrations.head ?? 'no migration recorded'} (${structure.slice(0, 12)})`;
}
