import type { Answer } from '../../release/check.ts';
import { pending } from '../answer.ts';

/**
 * What an error means (decision 0004). Where the database looked at its own content and objects, that is a FAIL: a
 * table or a column is missing, a value does not convert, the query raised an exception. Everything else only
 * says that the question was not answered: no connection, no permission, no time, a query that is no question.
 */
const objectMissing = new Set(['42P01', '42703', '42883', '3F000', '42704']);

/** SQLSTATE, its first characters → why nothing was measured and what helps. First match counts. */
const unanswered: readonly [code: string, why: string, remedy: string][] = [
  ['25006', 'the query writes, and a check only reads', 'write a query that reads'],
  ['42501', 'the role may not read what the query asks for', 'grant it SELECT, or use another role'],
  ['42', 'the query is not valid', 'correct the query; it must be one statement'],
  ['57014', 'the query did not finish in time', 'give it more time, or an index'],
  ['28', 'the database does not let this role in', 'check user, password and pg_hba.conf'],
  ['3D000', 'there is no database of this name', 'check the address'],
  ['53', 'the database has no resources left', 'free connections, memory or disk'],
  ['55P03', 'a lock was not given in time', 'see who holds it'],
  ['40', 'the database ended the transaction in favour of another', 'try again'],
  ['57P', 'the database is starting, stopping or ended the session', 'try again when it is up'],
  ['08', 'the connection was lost', 'check the network and the log of the database'],
  ['XX', 'the database reports an internal error', 'see the log of the database'],
  ['58', 'the database reports an error of its system', 'see the log of the database'],
];

/** The answer to what `pg` threw. Its messages hold no password. A bug is thrown on. */
export function answerToSqlError(error: unknown): Answer {
  if (error instanceof TypeError && !('code' in error)) throw error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const evidence = error instanceof Error ? `${code} ${error.message}`.trim() : String(error);
  const fromServer = /^[0-9A-Z]{5}$/.test(code) && error instanceof Error && 'severity' in error;
  if (!fromServer) {
    return pending('the database could not be asked', evidence, 'check the address, and that the database is up');
  }
  const known = objectMissing.has(code) ? undefined : unanswered.find(([prefix]) => code.startsWith(prefix));
  if (known !== undefined) return pending(known[1], evidence, known[2]);
  return {
    status: 'FAIL',
    summary: `the database answered with an error: ${evidence}`.slice(0, 240),
    evidence: evidence.slice(0, 600),
    remedy: 'compare the schema with what the query expects; see what the last migration did',
  };
}
