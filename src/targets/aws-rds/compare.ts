import type { Fingerprint } from '../../release/fingerprint.ts';
import type { Call, Confirmation, Savepoint, Standing } from '../../release/target.ts';
import { compare as compareDatabase, fingerprint as fingerprintDatabase } from '../postgres/compare.ts';
import { confirm as confirmDatabase } from '../postgres/confirm.ts';
import type { AwsRdsSpec } from './aws-rds.schema.ts';
import { databaseCall } from './place.ts';
import { asDatabaseSavepoint, type RdsState } from './state.ts';

/** How the database stands against its savepoint. Settings of the instance are no part of it: no migration changes them. */
export function compare(call: Call<AwsRdsSpec>, since: Savepoint<RdsState>): Promise<Standing> {
  return compareDatabase(databaseCall(call), asDatabaseSavepoint(since));
}

export function fingerprint(call: Call<AwsRdsSpec>): Promise<Fingerprint> {
  return fingerprintDatabase(databaseCall(call));
}

export function confirm(call: Call<AwsRdsSpec>, change: string, version: string): Promise<Confirmation> {
  return confirmDatabase(databaseCall(call), change, version);
}
