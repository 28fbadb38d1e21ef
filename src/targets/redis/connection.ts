import { readFile } from 'node:fs/promises';
import type { Cluster, Redis } from 'ioredis';
import { type FailureKind, TargetFailure } from '../../release/failure.ts';
import type { Call } from '../../release/target.ts';
import { pathFrom } from '../shell/files.ts';
import type { RedisSpec } from './redis.schema.ts';

export type RedisCall = Call<RedisSpec>;

/** `nodes`: every primary. `whole`: finds the node of a key by itself. */
export type Connection = { nodes: Redis[]; whole: Redis | Cluster };

/** What Redis says first, or the code of the connection, and what that means. */
const meanings: readonly { said: RegExp; kind: FailureKind; remedy?: string }[] = [
  {
    said: /^(NOAUTH|WRONGPASS|NOPERM|ERR (AUTH|invalid (username|password)))/,
    kind: 'permission',
    remedy: 'check role, password and rights in `url`',
  },
  { said: /^(LOADING|BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN)/, kind: 'busy' },
  { said: /^READONLY/, kind: 'refused', remedy: 'name the primary in `url`; this is a replica' },
  { said: /^MOVED/, kind: 'invalid-input', remedy: 'say `cluster: true`' },
  { said: /cluster support disabled/, kind: 'invalid-input', remedy: 'leave `cluster` out' },
  {
    said: /CERT|SELF_SIGNED|self.signed|certificate/i,
    kind: 'refused',
    remedy: 'name its certificate authority with `ca`',
  },
];

/** Nothing here is repeated by the client: what changes something is repeated by whoever looked at the world first. */
async function optionsOf({ spec, home }: RedisCall) {
  const tls = spec.url.startsWith('rediss:');
  const ca = spec.ca === null ? {} : { ca: await readFile(pathFrom(home, spec.ca), 'utf8') };
  return {
    lazyConnect: true,
    connectTimeout: spec.timeout,
    commandTimeout: spec.timeout,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    ...(tls ? { tls: ca } : {}),
  };
}

async function open(call: RedisCall): Promise<Redis | Cluster> {
  const ioredis = await import('ioredis');
  const options = await optionsOf(call);
  const { url, cluster, timeout } = call.spec;
  if (!cluster) return new ioredis.Redis(url, options);
  const { hostname, port, username, password } = new URL(url);
  const own = {
    ...options,
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
  return new ioredis.Cluster([{ host: hostname, port: Number(port || 6379) }], {
    redisOptions: own,
    lazyConnect: true,
    clusterRetryStrategy: () => null,
    slotsRefreshTimeout: timeout,
    enableAutoPipelining: true,
    // Certificates are made for names; the client would connect to addresses (ioredis README, "ElastiCache with TLS").
    dnsLookup: (name, found) => found(null, name),
  });
}

/**
 * Connects, lets `use` work and disconnects, whatever happens.
 *
 * @throws TargetFailure for whatever Redis or the connection refuses; it never quotes a command, which may hold a password
 */
export async function withRedis<T>(call: RedisCall, use: (connection: Connection) => Promise<T>): Promise<T> {
  call.signal.throwIfAborted();
  const whole = await open(call);
  // Without a listener the client writes errors to the console; each command fails with them as well.
  let last: unknown;
  whole.on('error', (error: unknown) => {
    last = error;
  });
  try {
    await connected(whole, call);
    const nodes = 'nodes' in whole ? whole.nodes('master') : [whole];
    return await use({ nodes, whole });
  } catch (error) {
    throw failureOf(error, last);
  } finally {
    whole.disconnect();
  }
}

/** A cluster whose nodes do not know their own addresses answers and is never ready; nobody is to wait for that. */
async function connected(whole: Redis | Cluster, { spec, signal }: RedisCall): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(2 * spec.timeout)]);
  const given = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(limit.reason as Error), { once: true });
  });
  try {
    await Promise.race([whole.connect(), given]);
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) throw new TargetFailure('unreachable', `Redis was not ready within ${2 * spec.timeout} ms`);
    throw error;
  }
}

function failureOf(error: unknown, last: unknown): unknown {
  if (error instanceof TargetFailure || !(error instanceof Error) || error.name === 'AbortError') return error;
  const said = [error, last, nodeErrorOf(error), nodeErrorOf(last)].flatMap(wordsOf);
  const found = meanings.find(({ said: pattern }) => said.some((words) => pattern.test(words)));
  const words = said.find((each) => found?.said.test(each)) ?? said[0] ?? error.name;
  if (found === undefined && error.name === 'ReplyError') return new TargetFailure('failed', `Redis says: ${words}`);
  const remedy = found?.remedy === undefined ? {} : { remedy: found.remedy };
  return new TargetFailure(found?.kind ?? 'unreachable', `Redis cannot be used: ${words}`, remedy);
}

/** A cluster that nobody reaches says why only of its last node. */
function nodeErrorOf(error: unknown): unknown {
  return Reflect.get(Object(error), 'lastNodeError');
}

function wordsOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const code: unknown = Reflect.get(error, 'code');
  return [error.message, ...(typeof code === 'string' ? [code] : [])].filter((words) => words !== '');
}
