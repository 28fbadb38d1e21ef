import { TargetFailure } from '../../../release/failure.ts';
import type { Call, Finding } from '../../../release/target.ts';
import type { Session } from '../connection.ts';
import { ownTable } from '../migration-state.ts';
import type { PostgresSpec } from '../postgres.schema.ts';
import { readSqlFiles } from '../sql-files.ts';
import { type Parsed, parsedStatements } from './parse.ts';
import { readSchema, type SchemaFacts, volatileAmong } from './schema.ts';
import { examine, functionsOf } from './statements.ts';
import { declaredOf, type Hit, judged } from './table.ts';

type PostgresCall = Pick<Call<PostgresSpec>, 'spec' | 'home'>;

/** Statements of the migration's files that the database has no record of, in order. A command has none. */
async function pendingStatements({ spec, home }: PostgresCall, inside: Session | null): Promise<Parsed[]> {
  const directory = spec.migrate?.directory ?? null;
  if (directory === null) return [];
  const applied = inside === null ? new Set<string>() : await appliedFiles(inside);
  const pending = (await readSqlFiles(home, directory)).filter(({ name }) => !applied.has(name));
  return (await Promise.all(pending.map(parsedStatements))).flat();
}

async function appliedFiles(inside: Session): Promise<Set<string>> {
  const [there] = await inside.rows<{ there: boolean }>(`select to_regclass('${ownTable}') is not null as there`);
  if (there?.there !== true) return new Set();
  const rows = await inside.rows<{ name: string }>(`select name from ${ownTable} where kind = 'migrate'`);
  return new Set(rows.map(({ name }) => name));
}

const nothing: SchemaFacts = { path: ['public'], relations: [], columns: [], constraints: [], enums: [] };

/**
 * Every place where the files that are not applied yet break a migration rule. `inside`: a session in the database; null
 * where there is none yet.
 * @throws TargetFailure `invalid-input` for a file that is no SQL, `not-found` without the directory
 */
export async function pendingHits(call: PostgresCall, inside: Session | null): Promise<Hit[]> {
  const statements = await pendingStatements(call, inside);
  if (statements.length === 0) return [];
  const facts = inside === null ? nothing : await readSchema(inside);
  const changing = inside === null ? new Set<string>() : await volatileAmong(inside, functionsOf(statements));
  return examine(statements, facts, (name) => changing.has(name));
}

/** Judges the migration by what its files say, before anything is changed. */
export async function surveyMigration(call: Call<PostgresSpec>, inside: Session): Promise<Finding[]> {
  const { migrate } = call.spec;
  if (migrate === null) return [];
  if (migrate.directory === null) {
    return [{ status: 'PASS', what: 'what a command migrates is judged by a rehearsal only' }];
  }
  try {
    const findings = judged(await pendingHits(call, inside), declaredOf(call.compatibility), migrate.accept);
    return findings.length > 0 ? findings : [{ status: 'PASS', what: 'the migration breaks no rule' }];
  } catch (error) {
    if (!(error instanceof TargetFailure) || !['invalid-input', 'not-found'].includes(error.kind)) throw error;
    return [{ status: 'FAIL', what: error.message, remedy: error.details.remedy ?? 'correct the migration' }];
  }
}
