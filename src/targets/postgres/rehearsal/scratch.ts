import { TargetFailure } from '../../../release/failure.ts';
import type { Fingerprint } from '../../../release/fingerprint.ts';
import type { Call, Savepoint, Step } from '../../../release/target.ts';
import { readNow } from '../compare.ts';
import { findDatabase, identifier, literal, withSession } from '../connection.ts';
import { copyUnused, dropUnfinished } from '../copy.ts';
import { restoreDump } from '../dump.ts';
import { type Claim, claimed } from '../fence.ts';
import { absentFingerprint, fingerprintOf } from '../fingerprint.ts';
import { openAnywhere } from '../maintenance.ts';
import { applicationName, besideName, placeOf, scratchName, supersededName, urlOf } from '../names.ts';
import type { PostgresSpec } from '../postgres.schema.ts';
import { pendingHits } from '../rules/survey.ts';
import { endOthers, inBackground, type Progress } from '../running.ts';
import { type PostgresState, rememberedFacts } from '../savepoints.ts';
import { readSettings, settingsStatements } from '../settings.ts';
import { watchScratch } from './witness.ts';

type Making = {
  call: Call<PostgresSpec>;
  claim: Claim;
  progress: Progress;
  from: Savepoint<PostgresState>;
  name: string;
};

/** The same target in another database of its server. */
function elsewhere(spec: PostgresSpec, name: string): PostgresSpec {
  return { ...spec, url: urlOf(placeOf(spec), name).href, database: name };
}

/**
 * Copies the savepoint, which nobody uses, so nobody is held. No session is opened in the database that users have.
 * @throws TargetFailure `refused` when the migration would change more than the copy
 */
export function scratch(call: Call<PostgresSpec>, from: Savepoint<PostgresState>): Promise<Step<PostgresSpec>> {
  return inBackground(call, 'copying the savepoint to try the migration on it', (progress) =>
    claimed(call, progress.signal, async (claim) => {
      const name = scratchName(claim.place.database, call.release);
      const mark = `Scratch of ${claim.place.database} for a rehearsal: ${call.key}`;
      const there = await findDatabase(claim.maintenance, name);
      if (there?.comment !== mark) {
        await dropUnfinished(claim, name);
        await make({ call, claim, progress, from, name });
        await claim.maintenance.run(`comment on database ${identifier(name)} is ${literal(mark)}`);
      }
      return elsewhere(call.spec, name);
    }),
  );
}

async function make(making: Making): Promise<void> {
  const { call, claim, name, progress } = making;
  await fill(making);
  progress.tell(`looking at ${name}`);
  await withSession({ ...claim, database: name }, async (session) => {
    const hits = await pendingHits(call, session);
    const wide = hits.find(({ rule }) => rule === 'server-wide');
    if (wide !== undefined) {
      throw new TargetFailure('refused', `${wide.where}: it ${wide.what}: a rehearsal would do that for real`, {
        remedy: 'make it before the release, or release without a rehearsal',
        evidence: wide.statement ?? '',
      });
    }
    await watchScratch(session, { database: claim.place.database, hits });
  });
}

async function fill({ call, claim, progress, from, name }: Making): Promise<void> {
  const { maintenance } = claim;
  if (from.absent) {
    const owner = call.spec.owner === null ? '' : ` owner ${identifier(call.spec.owner)}`;
    return maintenance.run(`create database ${identifier(name)}${owner}`);
  }
  const facts = await rememberedFacts(maintenance, from);
  if (from.state.by === 'dump') {
    await restoreDump(call, claim, { state: from.state, facts, name, signal: progress.signal });
  } else {
    await copyUnused(claim, from.state.copy ?? '', name);
  }
  const fresh = await readSettings(maintenance, name);
  if (fresh === null) throw new TargetFailure('not-found', `the copy ${name} is gone`);
  for (const statement of settingsStatements(name, fresh, facts.settings)) await maintenance.run(statement);
}

/**
 * Drops the scratch with everything that was made of it, and ends what an attempt that was killed left running in it.
 * The users' database is only asked for its fence.
 */
export function discardScratch(call: Call<PostgresSpec>): Promise<Step<null>> {
  return inBackground(call, 'removing the scratch', async (progress) => {
    const { database } = placeOf(call.spec);
    const name = scratchName(database, call.release);
    const inside = { ...call, spec: elsewhere(call.spec, name) };
    await endOthers(inside);
    return claimed(call, progress.signal, () =>
      claimed(inside, progress.signal, async (claim) => {
        for (const made of await madeOf(claim, name, call.release)) await dropUnfinished(claim, made);
        for (const table of ['attempts', 'restores', 'savepoints', 'holds', 'sessions', 'fences']) {
          await claim.maintenance.rows(`delete from savepoint.${table} where database = $1`, [name]);
        }
        return null;
      }),
    );
  });
}

/** The scratch, and what a restore over it leaves. */
async function madeOf(claim: Claim, name: string, release: string): Promise<string[]> {
  const made = [name, besideName(name, release)];
  for (let count = 1; ; count += 1) {
    const kept = supersededName(name, release, count);
    if ((await findDatabase(claim.maintenance, kept)) === null) return made;
    made.push(kept);
  }
}

/** Schema, roles, grants and migration state, without the rows. */
export async function structure(call: Call<PostgresSpec>): Promise<Fingerprint> {
  const place = placeOf(call.spec);
  const application = applicationName(call);
  const maintenance = await openAnywhere(place, application);
  try {
    const facts = await readNow({ place, application, maintenance }, 'structure');
    return facts === null ? absentFingerprint(new Date().toISOString()) : fingerprintOf(facts);
  } finally {
    await maintenance.close();
  }
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]', '']);

function hostOf({ hostname, port }: URL): string {
  return `${loopback.has(hostname) ? 'localhost' : hostname}:${port === '' ? '5432' : port}`;
}

/** Role and password stay; what does not lead to the database `from` is not touched. */
export function redirect(address: string, from: PostgresSpec, to: PostgresSpec): string | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  const original = placeOf(from);
  if (!/^postgres(ql)?:$/.test(url.protocol) || hostOf(url) !== hostOf(new URL(original.url))) return null;
  if (decodeURIComponent(url.pathname.slice(1)) !== original.database) return null;
  return urlOf({ ...original, url: address }, placeOf(to).database).href;
}
