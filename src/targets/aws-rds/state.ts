import type { Savepoint } from '../../release/target.ts';
import type { PostgresState } from '../postgres/savepoints.ts';
import type { Settings } from './setting.ts';

/** A role that the instance may take, and for what. */
export type InstanceRole = { arn: string; feature: string };

/**
 * What the target needs to go back.
 *
 * - `resourceId`: of the instance that ran; it survives renames
 * - `snapshot`: null with `way: point-in-time` · `instant`: ISO 8601, to which RDS can recover; null without automated backups
 * - `settings`, `tags`, `roles`: everything that a restored instance must have as well
 * - `key`: under which the server remembers what was read of the database
 * - `rowsRead`: whether the fingerprint covers rows; else nobody knows of them before the first restore
 * - `absent`: there was an instance and no database
 */
export type RdsState = {
  way: 'snapshot' | 'point-in-time' | 'absent';
  instance: string;
  resourceId: string;
  snapshot: string | null;
  instant: string | null;
  settings: Settings;
  tags: Record<string, string>;
  roles: InstanceRole[];
  database: string;
  key: string;
  rowsRead: boolean;
};

/**
 * The savepoint as the kind `postgres` knows it. On a restored instance the database itself is the copy that was saved,
 * and every further copy is made of it.
 */
export function asDatabaseSavepoint(to: Savepoint<RdsState>): Savepoint<PostgresState> {
  const { database, key, rowsRead } = to.state;
  const common = { database, key, file: null, sha256: null };
  const state: PostgresState = to.absent
    ? { by: 'absent', copy: null, ...common }
    : { by: 'template', copy: database, ...common, ...(rowsRead ? {} : { rowsUnknown: true }) };
  return { ...to, kind: 'postgres', state };
}
