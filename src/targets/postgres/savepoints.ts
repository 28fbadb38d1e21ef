import { TargetFailure } from '../../release/failure.ts';
import type { Savepoint } from '../../release/target.ts';
import type { Session } from './connection.ts';
import type { Facts } from './fingerprint.ts';

/**
 * What the target needs to go back, beside what it wrote down on the server under `key`.
 *
 * - `copy`: database on the same server · `file`: dump, relative to the plan's directory, with its SHA-256
 * - `rowsUnknown`: nobody has read the rows of what was saved
 */
export type PostgresState = {
  by: 'template' | 'dump' | 'absent';
  database: string;
  key: string;
  copy: string | null;
  file: string | null;
  sha256: string | null;
  rowsUnknown?: true;
};

/** A savepoint as the server remembers it. `savepoint` is null until it is complete. */
export type SavepointRow = {
  key: string;
  copy: string | null;
  copyOid: string | null;
  takenAt: Date | null;
  heldMs: number | null;
  facts: Facts | null;
  savepoint: Savepoint<PostgresState> | null;
};

const columns = `key, copy, copy_oid as "copyOid", taken_at as "takenAt", held_ms as "heldMs", facts, savepoint`;

export async function readSavepoint(maintenance: Session, key: string): Promise<SavepointRow | null> {
  const [row] = await maintenance.rows<SavepointRow>(`select ${columns} from savepoint.savepoints where key = $1`, [
    key,
  ]);
  return row ?? null;
}

/** The complete savepoint that a release took of a database, null when it took none. */
export async function savepointOfRelease(
  maintenance: Session,
  database: string,
  release: string,
): Promise<SavepointRow | null> {
  const [row] = await maintenance.rows<SavepointRow>(
    `select ${columns} from savepoint.savepoints
      where database = $1 and release = $2 and savepoint is not null order by begun_at desc limit 1`,
    [database, release],
  );
  return row ?? null;
}

/**
 * What was read of the database when the savepoint was taken.
 * @throws TargetFailure `not-found` when the server does not remember it
 */
export async function rememberedFacts(maintenance: Session, to: Savepoint<PostgresState>): Promise<Facts> {
  const row = await readSavepoint(maintenance, to.state.key);
  if (row?.facts != null) return row.facts;
  throw new TargetFailure(
    'not-found',
    `the server does not remember the savepoint of ${to.state.database} from ${to.takenAt}`,
    {
      remedy:
        'bring back the database `savepoint` of this server, or restore by hand from the copy that the savepoint names',
    },
  );
}
