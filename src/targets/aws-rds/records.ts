import type { Proof } from '../../release/fingerprint.ts';
import type { Restored } from '../../release/target.ts';
import type { Session } from '../postgres/connection.ts';

/**
 * What a restored instance remembers of its own way into place, in Savepoint's database on it. The instance that it
 * replaces knows nothing of it, so that this also tells the two apart wherever a name leads.
 *
 * - `proof`: the copy is what was saved · `warmed`: tables that were read
 * - `beganAt`: the running instance was about to give up its name · `result`: the restore has ended
 */
export type Exchange = {
  proof: Proof | null;
  warmed: string[];
  beganAt: Date | null;
  result: Restored | null;
};

const table = `create table if not exists savepoint.instances (
  key text primary key, resource_id text not null, proof jsonb, warmed jsonb not null default '[]', began_at timestamptz, result jsonb)`;

/** On a restored instance only. */
export async function beginExchange(maintenance: Session, key: string, resourceId: string): Promise<Exchange> {
  await maintenance.run(table);
  await maintenance.rows(
    'insert into savepoint.instances (key, resource_id) values ($1, $2) on conflict (key) do nothing',
    [key, resourceId],
  );
  return (await readExchange(maintenance, key)) ?? { proof: null, warmed: [], beganAt: null, result: null };
}

/** Null on every instance but the one that was restored under this key. */
export async function readExchange(maintenance: Session, key: string): Promise<Exchange | null> {
  const [there] = await maintenance.rows<{ there: boolean }>(
    `select to_regclass('savepoint.instances') is not null as there`,
  );
  if (there?.there !== true) return null;
  const [row] = await maintenance.rows<Exchange>(
    'select proof, warmed, began_at as "beganAt", result from savepoint.instances where key = $1',
    [key],
  );
  return row ?? null;
}

export async function noteProof(maintenance: Session, key: string, proof: Proof): Promise<void> {
  await maintenance.rows('update savepoint.instances set proof = $2 where key = $1', [key, proof]);
}

export async function noteWarmed(maintenance: Session, key: string, warmed: string[]): Promise<void> {
  await maintenance.rows('update savepoint.instances set warmed = $2 where key = $1', [key, JSON.stringify(warmed)]);
}

/** The first time counts: users are cut off from then on. */
export async function noteBegin(maintenance: Session, key: string): Promise<void> {
  await maintenance.rows(
    'update savepoint.instances set began_at = coalesce(began_at, clock_timestamp()) where key = $1',
    [key],
  );
}

/** @returns for how long users were cut off, in milliseconds */
export async function downtimeMs(maintenance: Session, key: string): Promise<number> {
  const [row] = await maintenance.rows<{ ms: number | null }>(
    'select ceil(extract(epoch from clock_timestamp() - began_at) * 1000)::int as ms from savepoint.instances where key = $1',
    [key],
  );
  return row?.ms ?? 0;
}

export async function noteResult(maintenance: Session, key: string, result: Restored): Promise<void> {
  await maintenance.rows('update savepoint.instances set result = $2 where key = $1', [key, result]);
}

/** The instance is an ordinary one again, to be replaced by another restore with the same key. */
export async function forgetExchange(maintenance: Session, key: string): Promise<void> {
  await maintenance.rows('delete from savepoint.instances where key = $1', [key]);
}
