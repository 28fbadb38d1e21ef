import type { Connection } from './connection.ts';

/**
 * Keys by which queues and sessions are known: what is lost with them cannot be filled in again. `type`: of the value,
 * where the name alone may be that of something cached.
 */
type Sign = { of: string; name: RegExp; type?: string };

const signs: readonly Sign[] = [
  { of: 'a queue of Bull', name: /(^|[:{])bull[:}]/ },
  { of: 'a queue of BullMQ', name: /:meta$/, type: 'hash' },
  { of: 'a queue of BullMQ', name: /:events$/, type: 'stream' },
  { of: 'a queue of BullMQ', name: /:(wait|active|paused)$/, type: 'list' },
  { of: 'a queue of BullMQ', name: /:(delayed|completed|failed|prioritized|waiting-children)$/, type: 'zset' },
  { of: 'a queue of Sidekiq', name: /(^|:)queue:[^:]+$/, type: 'list' },
  { of: 'a queue of Sidekiq', name: /(^|:)(queues|processes)$/, type: 'set' },
  { of: 'a queue of Sidekiq', name: /(^|:)(schedule|retry|dead)$/, type: 'zset' },
  { of: 'a queue of Celery', name: /(^|:)_kombu\.binding\.|celery-task-meta-/ },
  { of: 'a queue of Celery', name: /(^|:)celery$/, type: 'list' },
  { of: 'a queue of Celery', name: /(^|:)unacked(_index|_mutex)?$/ },
  { of: 'a queue of RQ', name: /(^|:)rq:(queue|job|worker|workers|queues|finished|failed|wip)(:|$)/ },
  { of: 'a queue of Resque', name: /(^|:)resque:/ },
  { of: 'a queue of Laravel', name: /(^|[:_])queues:[^:]+$/, type: 'list' },
  { of: 'a queue of Laravel', name: /(^|[:_])queues:[^:]+:(delayed|reserved)$/, type: 'zset' },
  { of: 'sessions', name: /(^|[:_])(sess|sessions?|phpredis_session):/i },
  { of: 'sessions', name: /(^|:)django\.contrib\.sessions/ },
];

const longestName = 80;

/** A key that is no cache, for people: `shop:sess:… is one of sessions`. */
export type Seen = { key: string; of: string };

/** The keys among these by which something else than a cache is known; at most `most`. No value is read. */
export async function signsAmong(
  keys: readonly Buffer[],
  connection: Pick<Connection, 'whole'>,
  most: number,
): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const key of keys) {
    if (seen.length >= most) break;
    const name = key.toString('utf8');
    const possible = signs.filter((sign) => sign.name.test(name));
    const [first] = possible;
    if (first === undefined) continue;
    const needsType = possible.every(({ type }) => type !== undefined);
    const type = needsType ? await connection.whole.type(key) : null;
    const sign = possible.find((each) => each.type === undefined || each.type === type);
    if (sign !== undefined) seen.push({ key: shown(name, sign), of: sign.of });
  }
  return seen;
}

/** What follows in the name of a session is as good as a password. */
function shown(name: string, { of, name: pattern }: Sign): string {
  const found = pattern.exec(name);
  if (of === 'sessions' && found !== null) return `${name.slice(0, found.index + found[0].length)}…`;
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name;
}
