import type {
  Call,
  Confirms,
  Holds,
  Keeps,
  Kind,
  Measures,
  Prepares,
  Rehearses,
  Stores,
} from '../../release/target.ts';
import { apply } from './apply.ts';
import { carry } from './carry/carry.ts';
import { compare, fingerprint } from './compare.ts';
import { confirm } from './confirm.ts';
import { discard } from './discard.ts';
import { hold, resume } from './hold.ts';
import { kept } from './kept.ts';
import { beside } from './loss/beside.ts';
import { loss } from './loss/loss.ts';
import type { PostgresSpec } from './postgres.schema.ts';
import { discardScratch, redirect, scratch, structure } from './rehearsal/scratch.ts';
import { seen } from './rehearsal/seen.ts';
import { restore } from './restore.ts';
import { save } from './save.ts';
import type { PostgresState } from './savepoints.ts';
import { type PostgresChange, pin, readSqlFiles } from './sql-files.ts';
import { parseFile } from './statements.ts';
import { survey } from './survey.ts';

/** Pins every file, and parses SQL now, so that a slip of the pen stops the release before anybody is asked. */
async function prepare(call: Call<PostgresSpec>): ReturnType<Prepares<PostgresSpec>['prepare']> {
  const { home, spec } = call;
  for (const change of [spec.migrate, spec.seed]) {
    if (change?.directory == null) continue;
    for (const file of await readSqlFiles(home, change.directory)) await parseFile(file.name, file.bytes);
  }
  return { state: 'done', value: await pin(home, spec) };
}

/** A PostgreSQL database: saved, migrated, seeded, proved and brought back. */
export const postgres: Kind<PostgresSpec, PostgresState, PostgresChange> &
  Prepares<PostgresSpec> &
  Holds<PostgresSpec> &
  Stores<PostgresSpec, PostgresState> &
  Confirms<PostgresSpec> &
  Keeps<PostgresSpec> &
  Measures<PostgresSpec, PostgresState> &
  Rehearses<PostgresSpec, PostgresState> = {
  survey,
  prepare,
  save,
  apply,
  restore,
  fingerprint,
  compare,
  hold,
  resume,
  beside,
  loss,
  carry,
  confirm,
  kept,
  discard,
  scratch,
  discardScratch,
  structure,
  seen,
  redirect,
};
