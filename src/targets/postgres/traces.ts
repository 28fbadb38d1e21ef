import type { Session } from './connection.ts';
import { type Expectation, expectedOf } from './expected.ts';
import type { PinnedFile } from './sql-files.ts';
import { parseFile } from './statements.ts';

/** What the catalogue tells of SQL that no record tells of. `tells` false: it says nothing either way. */
export type Traces = { state: 'there' | 'not there' | 'unknown'; tells: boolean; detail: string };

/** Each asks for one object by `$1` relation and `$2` name; names are looked up as a statement would. */
const lookups: Record<Expectation['kind'], string> = {
  relation: `to_regclass($1) is not null and $2 = ''`,
  column: `exists (select from pg_attribute where attrelid = to_regclass($1) and attname = $2 and attnum > 0 and not attisdropped)`,
  'required column': `exists (select from pg_attribute where attrelid = to_regclass($1) and attname = $2 and attnotnull)`,
  constraint: `exists (select from pg_constraint where conrelid = to_regclass($1) and conname = $2)`,
  index: `exists (select from pg_index where indexrelid = to_regclass($1) and indisvalid) and $2 = ''`,
  type: `to_regtype($1) is not null and $2 = ''`,
  label: `exists (select from pg_enum where enumtypid = to_regtype($1) and enumlabel = $2)`,
  schema: `to_regnamespace($1) is not null and $2 = ''`,
  extension: `exists (select from pg_extension where extname = $1) and $2 = ''`,
};

async function holds(session: Session, { kind, relation, name, present }: Expectation): Promise<boolean> {
  const values = [relation, name];
  const [row] = await session.rows<{ there: boolean }>(`select ${lookups[kind]} as there`, values);
  return row?.there === present;
}

function inWords({ kind, relation, name, present }: Expectation): string {
  const what = name === '' ? relation : `${relation} ${name}`;
  return `${kind} ${what}${present ? '' : ' gone'}`;
}

/**
 * Looks in the catalogue for what these files would leave there, as if somebody may have run them by hand.
 * @throws TargetFailure `invalid-input` for a file that is no SQL
 */
export async function tracesOf(session: Session, files: readonly PinnedFile[]): Promise<Traces> {
  const parsed = [];
  for (const file of files) parsed.push(...(await parseFile(file.name, file.bytes)).statements);
  const { expectations, untold } = expectedOf(parsed);
  const there: string[] = [];
  const missing: string[] = [];
  for (const one of expectations) {
    if (!(await holds(session, one))) missing.push(inWords(one));
    else if (one.telling) there.push(inWords(one));
  }
  return judged(there, missing, untold);
}

function judged(there: string[], missing: string[], untold: string[]): Traces {
  const some = (names: string[]) => names.slice(0, 3).join(', ');
  if (missing.length > 0 && there.length === 0) {
    return { state: 'not there', tells: true, detail: `missing: ${some(missing)}` };
  }
  if (missing.length > 0) {
    return { state: 'unknown', tells: true, detail: `there: ${some(there)}; missing: ${some(missing)}` };
  }
  if (there.length === 0) return { state: 'unknown', tells: false, detail: 'its objects tell nothing' };
  if (untold.length > 0) {
    return { state: 'unknown', tells: true, detail: `there: ${some(there)}; nobody can tell of: ${some(untold)}` };
  }
  return { state: 'there', tells: true, detail: `there: ${some(there)}` };
}
