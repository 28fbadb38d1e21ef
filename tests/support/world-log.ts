import type { Postgres } from './postgres.ts';

/** One line of PostgreSQL's log that tells of a statement or of the end of a session. `at`: milliseconds since 1970. */
export type Logged = { at: number; pid: number; application: string; database: string; what: string };

const entry =
  /^(\S+ \S+) UTC \[(\d+)\] ([^|]*)\|[^|]*\|(\S*) LOG: {2}(statement|execute [^:]*|disconnection): ([\s\S]*)$/;

/** Everything that sessions did in the order in which the server saw it; `end` stands for the end of a session. */
export async function loggedBy(postgres: Postgres): Promise<Logged[]> {
  const lines = (await postgres.log()).split(/\n(?=\d{4}-\d\d-\d\d \d)/);
  return lines.flatMap((line) => {
    const found = entry.exec(line.trimEnd());
    if (found === null) return [];
    const [, time = '', pid, application = '', database = '', kind, text = ''] = found;
    const what = kind === 'disconnection' ? 'end' : text.replaceAll(/\s+/g, ' ').trim();
    return [{ at: Date.parse(`${time.replace(' ', 'T')}Z`), pid: Number(pid), application, database, what }];
  });
}
