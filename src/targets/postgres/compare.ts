import { type Fingerprint, type Proof, prove } from '../../release/fingerprint.ts';
import type { Call, Savepoint, Standing } from '../../release/target.ts';
import { wasRisky } from './attempts.ts';
import { openSession, type Session } from './connection.ts';
import type { Claim } from './fence.ts';
import {
  absentFingerprint,
  type ContentReader,
  type Facts,
  fingerprintOf,
  type ReadLevel,
  readAs,
  readContent,
  readFactsNow,
} from './fingerprint.ts';
import { readHold } from './hold.ts';
import { openAnywhere, openMaintenanceIfThere } from './maintenance.ts';
import { applicationName, type Place, placeOf } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { proofOf } from './proof.ts';
import { type PostgresState, rememberedFacts } from './savepoints.ts';
import { readSettings } from './settings.ts';

type Reading = { place: Place; application: string; maintenance: Session };

/** Reads what the database is now; null when it does not exist. */
export async function readNow(reading: Reading, level: ReadLevel): Promise<Facts | null> {
  const { place, application, maintenance } = reading;
  const settings = await readSettings(maintenance, place.database);
  if (settings === null) return null;
  const [known] = await maintenance.rows<{ there: boolean }>(
    `select to_regclass('savepoint.holds') is not null as there`,
  );
  const held = known?.there === true ? await readHold(maintenance, place.database) : null;
  const session = await openSession(place, place.database, application);
  try {
    return await readFactsNow(session, held === null ? settings : { ...settings, grants: held.grants }, level);
  } finally {
    await session.close();
  }
}

/** The database as it is now, every row of it. While writers are let in it belongs to the instant of one snapshot. */
export async function fingerprint(call: Call<PostgresSpec>): Promise<Fingerprint> {
  const place = placeOf(call.spec);
  const application = applicationName(call);
  const maintenance = await openAnywhere(place, application);
  try {
    const facts = await readNow({ place, application, maintenance }, 'content');
    return facts === null ? absentFingerprint(new Date().toISOString()) : fingerprintOf(facts);
  } finally {
    await maintenance.close();
  }
}

/**
 * How the database stands against its savepoint. While writers are held every row is compared. While they write, rows
 * differ rightly: then structure and migration state decide, and only where something ran outside a transaction, whose
 * rows nobody can vouch for, every row is compared as well.
 */
export async function compare(call: Call<PostgresSpec>, since: Savepoint<PostgresState>): Promise<Standing> {
  const place = placeOf(call.spec);
  const application = applicationName(call);
  const maintenance = await openMaintenanceIfThere(place, application);
  if (maintenance === null) return unknown('the server has no record of any savepoint');
  try {
    return await standing({ place, application, maintenance }, call.release, since);
  } finally {
    await maintenance.close();
  }
}

const nothing: Proof = { level: 'unproved', parts: [], differences: [] };

function unknown(detail: string): Standing {
  return { state: 'unknown', proof: nothing, detail };
}

/** As `compare`, in a session that the caller has. */
export async function standing(
  reading: Pick<Claim, 'place' | 'application' | 'maintenance'>,
  release: string,
  since: Savepoint<PostgresState>,
): Promise<Standing> {
  const held = (await readHold(reading.maintenance, reading.place.database)) !== null;
  const risky = await wasRisky(reading, release);
  const silent = since.state.rowsUnknown === true;
  const asSaved: ContentReader = async (session, table) =>
    readContent(session, readAs(await rememberedFacts(reading.maintenance, since), table));
  const facts = await readNow(reading, (held || risky) && !silent ? (since.absent ? 'content' : asSaved) : 'structure');
  if (facts === null || since.absent) return absence(facts, since);
  const saved = await rememberedFacts(reading.maintenance, since);
  const structure = proofOf(structureOf(since.fingerprint), saved, { ...facts, contents: [] });
  if (structure.differences.length > 0)
    return judged('differs', structure, held ? 'writers are held' : 'writers are let in');
  if (!held && !risky)
    return judged(
      'equal',
      structure,
      'structure and migration state; rows were not compared because writers are let in',
    );
  if (silent) return judged('unknown', structure, 'the savepoint tells of no row until it was restored once');
  const proof = proofOf(since.fingerprint, saved, facts);
  if (proof.differences.length === 0) return judged('equal', proof, 'every row was compared');
  if (held) return judged('differs', proof, 'every row was compared, writers are held');
  return judged(
    'unknown',
    proof,
    'rows differ, and whether the release or its users wrote them cannot be told while writers are let in',
  );
}

function structureOf(whole: Fingerprint): Fingerprint {
  return { ...whole, parts: whole.parts.filter((part) => part.level === 'structure') };
}

function absence(facts: Facts | null, since: Savepoint<PostgresState>): Standing {
  const now = facts === null ? absentFingerprint(new Date().toISOString()) : fingerprintOf({ ...facts, contents: [] });
  const proof = prove(since.fingerprint, now);
  const same = facts === null && since.absent;
  return judged(
    same ? 'equal' : 'differs',
    proof,
    facts === null ? 'there is no database' : 'there was no database before',
  );
}

function judged(state: Standing['state'], proof: Proof, how: string): Standing {
  const named = proof.differences.slice(0, 5).map(({ part, actual }) => `${part}: ${actual ?? 'missing'}`);
  return { state, proof, detail: [how, ...named].join('; ') };
}
