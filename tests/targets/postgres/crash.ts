import pg from 'pg';

/** Thrown in place of every answer once the worker is dead. */
export class Killed extends Error {}

type Query = (...words: unknown[]) => unknown;

/**
 * Lets the worker die at its n-th statement: the statement is not sent, or it is sent and nobody hears the answer.
 * Every session of this process is cut without a word, as the kernel does for a process that was killed.
 */
export async function dyingAt(
  place: { statement: number; after: boolean },
  work: () => Promise<unknown>,
): Promise<{ died: boolean; statements: string[] }> {
  const original = pg.Client.prototype.query as unknown as Query;
  const connect = pg.Client.prototype.connect as unknown as Query;
  const clients = new Set<pg.Client>();
  const statements: string[] = [];
  let dead = false;
  const die = () => {
    dead = true;
    for (const client of clients)
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  };
  const query = async function (this: pg.Client, ...words: unknown[]): Promise<unknown> {
    if (dead) throw new Killed();
    const number = statements.push(String(words[0]).trim().replaceAll(/\s+/g, ' '));
    if (number === place.statement && !place.after) {
      die();
      throw new Killed();
    }
    const answer = await original.apply(this, words);
    if (number === place.statement) {
      die();
      throw new Killed();
    }
    return answer;
  };
  pg.Client.prototype.query = query as unknown as pg.Client['query'];
  pg.Client.prototype.connect = function (this: pg.Client, ...words: unknown[]) {
    if (dead) return Promise.reject(new Killed());
    clients.add(this);
    return connect.apply(this, words);
  } as unknown as pg.Client['connect'];
  try {
    await work();
  } catch (error) {
    if (!dead) throw error;
  } finally {
    pg.Client.prototype.query = original as unknown as pg.Client['query'];
    pg.Client.prototype.connect = connect as unknown as pg.Client['connect'];
  }
  return { died: dead, statements };
}
