import pg from 'pg';
import { classified } from './failures.ts';
import { type Place, urlOf } from './names.ts';

/** One session on the server. Statements run one after the other; every error is classified. */
export type Session = {
  database: string;
  pid: number;
  /** The server process that answers is the one that was announced; behind a connection pooler it is not. */
  direct: boolean;
  rows<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Runs one statement exactly as written, without parameters. */
  run(sql: string): Promise<void>;
  close(): Promise<void>;
};

export const identifier = pg.escapeIdentifier;
export const literal = pg.escapeLiteral;

/**
 * Opens a session whose `application_name` tells whose it is.
 * @throws TargetFailure `unreachable`, `permission`, `not-found` (no such database) or `busy`.
 */
export async function openSession(place: Place, database: string, application: string): Promise<Session> {
  const client = new pg.Client({
    connectionString: urlOf(place, database).href,
    application_name: application,
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
  });
  // A session that the server ends while nothing runs would otherwise end the worker.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw classified(error, `connecting to database ${database}`);
  }
  const ask = async <Row extends object>(sql: string, values: unknown[]): Promise<Row[]> => {
    try {
      // A statement without parameters goes as it is written; node-postgres would otherwise prepare it.
      const result = values.length === 0 ? await client.query<Row>(sql) : await client.query<Row>(sql, values);
      return result.rows;
    } catch (error) {
      throw classified(error, `database ${database}`);
    }
  };
  const [self] = await ask<{ pid: number }>('select pg_backend_pid() as pid', []);
  return {
    database,
    pid: self?.pid ?? 0,
    direct: announcedPid(client) === self?.pid,
    rows: (sql, values = []) => ask(sql, values),
    run: async (sql) => {
      await ask(sql, []);
    },
    close: () => client.end().catch(() => undefined),
  };
}

/** What whoever answered the connection gave for cancelling; a pooler makes a number up. */
function announcedPid(client: pg.Client): unknown {
  return 'processID' in client ? client.processID : null;
}

/** Opens a session for one piece of work and closes it whatever happens. */
export async function withSession<T>(
  where: { place: Place; database: string; application: string },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(where.place, where.database, where.application);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** All or nothing. */
export async function inTransaction<T>(session: Session, work: () => Promise<T>, mode = ''): Promise<T> {
  await session.run(`begin ${mode}`);
  try {
    const value = await work();
    await session.run('commit');
    return value;
  } catch (error) {
    await session.run('rollback').catch(() => undefined);
    throw error;
  }
}

/** One database of the server as its catalogue has it; null when there is none of that name. */
export type DatabaseRow = { oid: string; name: string; allowConnections: boolean; comment: string | null };

export async function findDatabase(session: Session, name: string): Promise<DatabaseRow | null> {
  const [row] = await session.rows<DatabaseRow>(
    `select oid::text as oid, datname as name, datallowconn as "allowConnections",
            shobj_description(oid, 'pg_database') as comment
       from pg_database where datname = $1`,
    [name],
  );
  return row ?? null;
}

/** Milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
