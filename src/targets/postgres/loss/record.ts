import type { Carried, TableLoss } from '../../../release/loss.ts';
import type { Claim } from '../fence.ts';
import { forgetSums } from './sums.ts';

/**
 * What the server remembers of a measured way back.
 *
 * - `reference`, `referenceOid`: the database; null where none was built · `applied`: what was run on it
 * - `missing`: why there is no reference for `applied`
 * - `hold`: under which hold rows began to be carried into the copy; null while it is as it was saved
 * - `carried`: null until that was finished · `remaining`: what the copy still lacks then
 */
export type MeasureRow = {
  reference: string | null;
  referenceOid: string | null;
  applied: string | null;
  missing: string | null;
  hold: string | null;
  carried: Carried | null;
  remaining: TableLoss[] | null;
};

type Found = Pick<Claim, 'maintenance' | 'place'>;

export async function readMeasure({ maintenance }: Found, key: string): Promise<MeasureRow | null> {
  const [row] = await maintenance.rows<MeasureRow>(
    `select reference, reference_oid as "referenceOid", applied, missing, hold, carried, remaining
       from savepoint.measures where key = $1`,
    [key],
  );
  return row ?? null;
}

export async function beginMeasure({ maintenance, place }: Found, key: string, release: string): Promise<void> {
  await maintenance.rows(
    `insert into savepoint.measures (key, database, release) values ($1, $2, $3) on conflict (key) do nothing`,
    [key, place.database, release],
  );
}

/** Before a reference is made, so that a lost attempt's is known for Savepoint's own. */
export async function noteReference({ maintenance }: Found, key: string, name: string | null): Promise<void> {
  await maintenance.rows(
    `update savepoint.measures set reference = $2, reference_oid = null, applied = null, missing = null where key = $1`,
    [key, name],
  );
}

export async function endReference(
  { maintenance }: Found,
  key: string,
  made: { oid: string | null; applied: string; missing: string | null },
): Promise<void> {
  await maintenance.rows(
    `update savepoint.measures set reference_oid = $2, applied = $3, missing = $4 where key = $1`,
    [key, made.oid, made.applied, made.missing],
  );
}

/** From here on the copy is no longer what was saved. */
export async function beginCarrying({ maintenance }: Found, key: string, hold: string): Promise<void> {
  await maintenance.rows('update savepoint.measures set hold = $2, carried = null, remaining = null where key = $1', [
    key,
    hold,
  ]);
}

export async function endCarrying(
  { maintenance }: Found,
  key: string,
  end: { carried: Carried; remaining: TableLoss[] },
): Promise<void> {
  await forgetSums(maintenance, key);
  await maintenance.rows('update savepoint.measures set carried = $2, remaining = $3 where key = $1', [
    key,
    end.carried,
    JSON.stringify(end.remaining),
  ]);
}

/** The copy is made anew. */
export async function forgetCarrying({ maintenance }: Found, key: string): Promise<void> {
  await maintenance.rows('update savepoint.measures set hold = null, carried = null, remaining = null where key = $1', [
    key,
  ]);
}
