import pg from 'pg';
import type { Answer, Asking, Check } from '../../release/check.ts';
import type { Json } from '../../release/json.ts';
import { answerOf, excerpt } from '../answer.ts';
import { boundsProblems, brief } from '../http/expectations.ts';
import type { SqlExpectations, SqlSpec } from './sql.schema.ts';
import { answerToSqlError } from './sql-error.ts';

/** Asks a PostgreSQL database one question in a read-only transaction. */
export const sql: Check<SqlSpec> = { ask };

async function ask({ spec, signal }: Asking<SqlSpec>): Promise<Answer> {
  signal.throwIfAborted();
  try {
    return judged(spec, await readRows(spec, signal));
  } catch (error) {
    signal.throwIfAborted();
    return answerToSqlError(error);
  }
}

/** Rows of one query that only reads. @throws what `pg` throws, for `answerToSqlError` */
export async function readRows(
  { url, query, timeout }: Pick<SqlSpec, 'url' | 'query' | 'timeout'>,
  signal: AbortSignal,
): Promise<Json[][]> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'savepoint check',
    connectionTimeoutMillis: timeout,
    query_timeout: timeout + 1_000,
  });
  // The answer to a lost connection is the failed query; without a listener it would end the worker.
  client.on('error', () => undefined);
  const giveUp = () => void client.end().catch(() => undefined);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await client.connect();
    return await read(client, query, timeout);
  } finally {
    signal.removeEventListener('abort', giveUp);
    await client.end().catch(() => undefined);
  }
}

/**
 * The extended protocol takes one statement only, so that a query cannot leave the read-only transaction that holds it.
 * Settings are made inside it and not when connecting: poolers refuse those.
 */
async function read(client: pg.Client, text: string, timeoutMs: number): Promise<Json[][]> {
  await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${Math.ceil(timeoutMs)}`);
  const query = { text, rowMode: 'array', queryMode: 'extended' } as const;
  const result = await client.query<unknown[]>(query);
  await client.query('ROLLBACK');
  return result.rows.map((row) => row.map(asJson));
}

/** Dates and numerics become text; bigint already is. */
function asJson(value: unknown): Json {
  if (value === null || value === undefined) return null;
  return JSON.parse(JSON.stringify(value)) as Json;
}

function judged(spec: SqlSpec, rows: readonly Json[][]): Answer {
  return answerOf({
    failures: problems(spec.expect, rows),
    warnings: spec.warn === undefined ? [] : problems(spec.warn, rows),
    seen: `${excerpt(spec.query, 200)}\n${shown(rows)}`,
    good: `the query answered ${rows.length === 1 && rows[0]?.length === 1 ? brief(rows[0][0] ?? null) : `${rows.length} rows`} as expected`,
    remedy: 'run the query by hand and compare; see what the last migration and seed did',
  });
}

function shown(rows: readonly Json[][]): string {
  const first = rows.slice(0, 3).map((row) => excerpt(JSON.stringify(row), 120));
  return [`${rows.length} rows`, ...first].join('\n');
}

function problems(wanted: SqlExpectations, rows: readonly Json[][]): string[] {
  const rowCount = wanted.rows === undefined ? [] : boundsProblems('number of rows', rows.length, wanted.rows);
  const empty =
    wanted.empty === undefined || wanted.empty === (rows.length === 0)
      ? []
      : [wanted.empty ? `${rows.length} rows, expected none` : 'no rows, expected at least one'];
  return [...rowCount, ...empty, ...firstValueProblems(wanted, rows[0]?.[0])];
}

function firstValueProblems(wanted: SqlExpectations, value: Json | undefined): string[] {
  if (wanted.value === undefined && wanted.min === undefined && wanted.max === undefined) return [];
  if (value === undefined) return ['the query gave no value to compare'];
  const different =
    wanted.value === undefined || sameValue(value, wanted.value)
      ? []
      : [`value is ${brief(value)}, expected ${brief(wanted.value)}`];
  if (wanted.min === undefined && wanted.max === undefined) return different;
  const number = numberOf(value);
  if (number === null) return [...different, `value is ${brief(value)}, expected a number`];
  return [...different, ...boundsProblems('value', number, wanted)];
}

/** `count(*)` arrives as text because it may exceed what a number holds; 42 and "42" are the same answer. */
function sameValue(actual: Json, wanted: string | number | boolean | null): boolean {
  if (actual === wanted) return true;
  if (typeof wanted === 'number') return numberOf(actual) === wanted;
  return wanted !== null && actual !== null && typeof actual !== 'object' && String(actual) === String(wanted);
}

function numberOf(value: Json): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
