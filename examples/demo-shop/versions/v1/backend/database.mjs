import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** The database cannot answer just now: the caller gets 503 and may come again. */
export class Unavailable extends Error {}

export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  application_name: 'shop-backend',
  max: 20,
  connectionTimeoutMillis: 800,
});

// The pool replaces a connection that the server closed; unheard, this event would end the process.
pool.on('error', (error) => console.warn(`WARN a database connection was closed: ${error.message}`));

/**
 * Runs work that may safely run twice: once more after a lost connection. A release closes the connections of the shop
 * for a moment, and nobody who orders should notice.
 */
export async function idempotent(work) {
  try {
    return await withClient(work);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
  }
  await sleep(100);
  try {
    return await withClient(work);
  } catch (error) {
    throw isUnavailable(error) ? new Unavailable(error.message) : error;
  }
}

export function query(text, values) {
  return idempotent((client) => client.query(text, values));
}

/** All or nothing. `work` must be idempotent: an answer to COMMIT can be lost. */
export function transaction(work) {
  return idempotent(async (client) => {
    await client.query('BEGIN');
    try {
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  });
}

async function withClient(work) {
  const client = await pool.connect();
  let broken = false;
  const onError = () => {
    broken = true;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    broken ||= isUnavailable(error);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** SQLSTATE classes 08 connection, 53 resources, 57 operator; 55000: closed for connections; 3D000: name is being swapped. */
function isUnavailable(error) {
  const code = error?.code;
  if (/^(08|53|57)...$|^55000$|^3D000$/.test(code ?? '')) return true;
  if (/^E[A-Z]+$/.test(code ?? '')) return true;
  return code === undefined && /connection|connect/i.test(error?.message ?? '');
}
