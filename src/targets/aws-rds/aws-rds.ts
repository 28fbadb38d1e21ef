import type { Json } from '../../release/json.ts';
import type {
  Artefact,
  Call,
  Confirms,
  Holds,
  Keeps,
  Kind,
  Measures,
  Prepares,
  Step,
  Stores,
} from '../../release/target.ts';
import { apply as applyToDatabase } from '../postgres/apply.ts';
import { hold as holdDatabase, resume as resumeDatabase } from '../postgres/hold.ts';
import { postgres } from '../postgres/postgres.ts';
import { isRunning } from '../postgres/running.ts';
import type { PostgresChange } from '../postgres/sql-files.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { compare, confirm, fingerprint } from './compare.ts';
import { fenced } from './fencing.ts';
import { discard, kept } from './kept.ts';
import { beside, carry, loss } from './measures.ts';
import { databaseCall } from './place.ts';
import { restore } from './restore.ts';
import { save } from './save.ts';
import type { RdsState } from './state.ts';
import { survey } from './survey.ts';

type Rds = Call<AwsRdsSpec>;

function prepare(call: Rds, version: string): Promise<Step<Artefact>> {
  return postgres.prepare(databaseCall(call), version);
}

/** Tasks that an earlier attempt left are stopped first: until then nobody can tell what the database is. */
async function apply(call: Rds, change: PostgresChange, version: string): Promise<Step<Json>> {
  const database = databaseCall(call);
  const task = call.spec[change]?.task ?? null;
  if (task !== null && !isRunning(database)) {
    await fenced(call);
    const { endTasks } = await import('./tasks.ts');
    await endTasks({ call, name: change, task });
  }
  return await applyToDatabase(database, change, version);
}

function hold(call: Rds): Promise<Step<Json>> {
  return holdDatabase(databaseCall(call));
}

function resume(call: Rds): Promise<Step<null>> {
  return resumeDatabase(databaseCall(call));
}

/** A PostgreSQL database on Amazon RDS: the instance is saved and exchanged, the database migrated, held and compared. */
export const awsRds: Kind<AwsRdsSpec, RdsState, PostgresChange> &
  Prepares<AwsRdsSpec> &
  Holds<AwsRdsSpec> &
  Stores<AwsRdsSpec, RdsState> &
  Confirms<AwsRdsSpec> &
  Keeps<AwsRdsSpec> &
  Measures<AwsRdsSpec, RdsState> = {
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
};
