import pg from 'pg';

/** Thrown in place of every answer once the worker is dead. */
export class Killed extends Error {}

type Query = (...words: unknown[]) => unknown;

/** Between two statements that only read, a death leaves the same world behind. */
const changing = /^(alter|create|drop|insert|update|delete|grant|revoke|comment|commit)\b/i;

/**
 * Lets the worker die before it sends its n-th statement that changes something; that is also the death after the one
 * before it. Every session of this process is cut without a word, as the kernel does for a process that was killed.
 */
export async function dyingBefore(
  statement: number,
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
    const text = String(words[0]).trim().replaceAll(/\s+/g, ' ');
    if (changing.test(text) && statements.push(text) === statement) {
      die();
      throw new Killed();
    }
    return original.apply(this, words);
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
