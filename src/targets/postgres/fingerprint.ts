import { createHash } from 'node:crypto';
import type { Fingerprint, FingerprintPart } from '../../release/fingerprint.ts';
import { type Catalogue, catalogueHash, notOfExtension, queries, readCatalogue, userSchema } from './catalogue.ts';
import { inTransaction, type Session } from './connection.ts';
import { type MigrationState, readMigrationState } from './migration-state.ts';
import { isPlain, rowHash } from './row-hash.ts';
import type { DatabaseSettings } from './settings.ts';

/** Sequence → its last value, null when it was never used, and the direction in which it counts. */
export type Sequences = Record<string, { last: string | null; up: boolean; cycles: boolean }>;

/** Everything that was read of a database in one instant. `contents` is empty where only the structure was asked for. */
export type Facts = {
  takenAt: string;
  catalogue: Catalogue;
  sequences: Sequences;
  contents: { table: string; rows: string; sum: string }[];
  migrations: MigrationState;
  settings: DatabaseSettings;
};

/** Texts of values must not depend on who asks. For the transaction that is open. */
export const fixedSettings = [
  `set local search_path to pg_catalog`,
  `set local datestyle to 'ISO, YMD'`,
  `set local intervalstyle to 'postgres'`,
  `set local timezone to 'UTC'`,
  `set local extra_float_digits to 1`,
  `set local bytea_output to 'hex'`,
  `set local xmloption to 'content'`,
  `set local lc_monetary to 'C'`,
  `set local quote_all_identifiers to off`,
  // Rows that a policy hides would silently be left out; this makes it an error instead.
  `set local row_security to off`,
  `set local statement_timeout to 0`,
  `set local lock_timeout to '10s'`,
  `set local client_encoding to 'UTF8'`,
];

const tablesQuery = `
  select format('%I.%I', n.nspname, c.relname) as name, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as quoted,
         c.relkind = 'r' as only, ${isPlain('c.oid')} as plain
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where (c.relkind = 'r' or (c.relkind = 'm' and c.relispopulated)) and ${userSchema}
     and (${notOfExtension('pg_class', 'c.oid')} or exists (select from pg_extension x where c.oid = any (x.extconfig)))
   order by 1`;

/** `only`: rows of inheriting tables are left out · `plain`: rows may be hashed in their binary form */
export type ReadTable = { name: string; quoted: string; only: boolean; plain: boolean };
/** `sum`: of the hashes of all rows; a `b` before it says that they are of the binary form. */
export type Content = { rows: string; sum: string };
/** Reads a table inside the transaction and under the fixed settings; its answer is that of `readContent`. */
export type ContentReader = (session: Session, table: ReadTable) => Promise<Content>;

/**
 * Sums of 64-bit hashes do not depend on the order of rows, and equal rows do not cancel each other. The sum of bigints
 * is a numeric, so it never overflows.
 */
export async function readContent(session: Session, { quoted, only, plain }: ReadTable): Promise<Content> {
  const [row] = await session.rows<Content>(
    `select count(*)::text as rows, coalesce(sum(${plain ? rowHash.binary : rowHash.text}), 0)::text as sum
       from ${only ? 'only ' : ''}${quoted} as savepoint_row`,
  );
  return marked(row ?? { rows: '0', sum: '0' }, plain);
}

const binaryMark = 'b';

export function marked({ rows, sum }: Content, plain: boolean): Content {
  return { rows, sum: plain ? `${binaryMark}${sum}` : sum };
}

/** A table is read as it was for these facts, so that the two compare: an earlier version knew the text of a row only. */
export function readAs({ contents }: Pick<Facts, 'contents'>, table: ReadTable): ReadTable {
  const before = contents.find((one) => one.table === table.name);
  return { ...table, plain: table.plain && before?.sum.startsWith(binaryMark) !== false };
}

async function readSequences(session: Session): Promise<Sequences> {
  const rows = await session.rows<{ name: string; last: string | null; up: boolean; cycles: boolean }>(
    `select format('%I.%I', n.schemaname, n.sequencename) as name, n.last_value::text as last, n.increment_by > 0 as up, n.cycle as cycles
       from pg_sequences n where n.schemaname <> 'savepoint' order by 1`,
  );
  return Object.fromEntries(rows.map(({ name, ...rest }) => [name, rest]));
}

/** How much is read; a reader stands for `content`. */
export type ReadLevel = 'content' | 'structure' | ContentReader;

/** Reads inside a transaction that the caller opened; every value belongs to its snapshot. */
export async function readFacts(session: Session, settings: DatabaseSettings, level: ReadLevel): Promise<Facts> {
  await session.run(fixedSettings.join('; '));
  const [clock] = await session.rows<{ now: Date }>('select clock_timestamp() as now');
  const catalogue = await readCatalogue(session);
  const contents: Facts['contents'] = [];
  if (level !== 'structure') {
    // Compiling these queries takes longer than it saves.
    await session.run('set local jit to off');
    const read = level === 'content' ? readContent : level;
    for (const table of await session.rows<ReadTable>(tablesQuery)) {
      contents.push({ table: table.name, ...(await read(session, table)) });
    }
  }
  return {
    takenAt: (clock?.now ?? new Date()).toISOString(),
    catalogue,
    sequences: await readSequences(session),
    contents,
    migrations: await readMigrationState(session),
    settings,
  };
}

/** Opens the snapshot itself. */
export function readFactsNow(session: Session, settings: DatabaseSettings, level: ReadLevel): Promise<Facts> {
  const read = () => readFacts(session, settings, level);
  return inTransaction(session, read, 'isolation level repeatable read read only');
}

/** The same for equal values: what comes back from a jsonb column has its keys in another order. */
function digest(value: unknown): string {
  const sorted = (_key: string, inner: unknown): unknown =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner;
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('hex').slice(0, 32);
}

function count(number: number, what: string): string {
  return `${number} ${what}`;
}

/** Parts of the fingerprint: one per kind of object, one per table, sequences, migrations, settings. */
export function fingerprintOf(facts: Facts): Fingerprint {
  const parts: FingerprintPart[] = Object.keys(queries).map((kind) => {
    const objects = facts.catalogue[kind] ?? {};
    return {
      name: kind,
      level: 'structure',
      value: catalogueHash(objects),
      detail: count(Object.keys(objects).length, kind),
    };
  });
  const { allowConnections: _, ...settings } = facts.settings;
  parts.push({ name: 'owner, grants and settings', level: 'structure', value: digest(settings) });
  const { migrations } = facts;
  parts.push({ name: 'migration state', level: 'structure', value: migrations.value, detail: migrations.detail });
  for (const table of facts.contents) {
    parts.push({
      name: table.table,
      level: 'content',
      value: `${table.rows}:${table.sum}`,
      detail: count(Number(table.rows), 'rows'),
    });
  }
  if (facts.contents.length > 0) parts.push(sequencePart(facts.sequences));
  return { takenAt: facts.takenAt, parts };
}

function sequencePart(sequences: Sequences): FingerprintPart {
  const value = digest(Object.fromEntries(Object.entries(sequences).map(([name, { last }]) => [name, last])));
  return {
    name: 'values of sequences',
    level: 'content',
    value,
    detail: count(Object.keys(sequences).length, 'sequences'),
  };
}

function notBehind(expected: Sequences[string], actual: Sequences[string] | undefined): boolean {
  if (actual === undefined) return false;
  if (expected.last === actual.last || expected.cycles || expected.last === null) return true;
  if (actual.last === null) return false;
  const ahead = BigInt(actual.last) - BigInt(expected.last);
  return expected.up ? ahead >= 0n : ahead <= 0n;
}

/**
 * A sequence that is ahead gives no number twice, so it counts as equal: a dump reads sequences outside its snapshot,
 * and a rolled-back transaction leaves them ahead. Missing and additional sequences differ in the structure.
 */
export function withSequencesAllowedAhead(actual: Facts, expected: Sequences): Facts {
  const ahead = Object.entries(expected).every(([name, value]) => notBehind(value, actual.sequences[name]));
  return ahead ? { ...actual, sequences: expected } : actual;
}

/** The fingerprint of a database that does not exist. */
export function absentFingerprint(takenAt: string): Fingerprint {
  return {
    takenAt,
    parts: [{ name: 'database', level: 'structure', value: 'absent', detail: 'there is no database' }],
  };
}
