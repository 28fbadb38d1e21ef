import type { Redis } from 'ioredis';
import type { Answer } from '../../release/check.ts';
import { pending } from '../answer.ts';

type Place = { url: string; ca?: string | undefined; timeout: number };

/** Nothing is repeated: a server that does not answer is an answer. */
export async function openRedis({ url, ca, timeout }: Place): Promise<Redis> {
  const ioredis = await import('ioredis');
  const client = new ioredis.Redis(url, {
    lazyConnect: true,
    connectTimeout: timeout,
    commandTimeout: timeout,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    ...(url.startsWith('rediss:') ? { tls: ca === undefined ? {} : { ca } } : {}),
  });
  // Without a listener the client writes errors to the console. What is refused while it connects is told only here.
  let told: unknown;
  client.on('error', (error: unknown) => {
    told = error;
  });
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.disconnect();
    throw told ?? error;
  }
}

/** For people: without user and password. */
export function addressOf(url: string): string {
  if (!URL.canParse(url)) return 'the address of Redis';
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** As for `http`: the question may never have left our side. */
const unasked = /ENOTFOUND|EAI_\w+|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_INVALID_URL/;
const missing = /ECONNREFUSED|timed out|Connection is closed/;

/**
 * A server that is not there is bad; one that refuses who asks, or that no way leads to, could not be asked.
 * Null for what is no error of Redis or of the connection.
 */
export function answerToRedisError(url: string, error: unknown): Answer | null {
  if (!(error instanceof Error) || error.name === 'AbortError') return null;
  const code: unknown = Reflect.get(error, 'code');
  const said = [String(code ?? ''), error.message].join(' ').trim();
  const where = addressOf(url);
  if (/^NOPERM/.test(error.message)) {
    return pending(`${where} does not allow this user to look`, said, 'give the user the right that it names');
  }
  if (/^(WRONGPASS|NOAUTH)|invalid username|ERR AUTH/.test(error.message)) {
    return pending(`${where} lets nobody in with this user and password`, said, 'correct the reference in url');
  }
  if (/certificate|CERT|self.signed/i.test(said)) {
    return pending(`${where} has a certificate that is not trusted`, said, 'name its authority with ca');
  }
  if (unasked.test(said)) {
    return pending(
      `${where} could not be reached from here`,
      said,
      'correct url, or the network and the names of this machine',
    );
  }
  if (!missing.test(said) && error.name !== 'ReplyError' && code === undefined) return null;
  return {
    status: 'FAIL',
    summary: `${where} does not answer`,
    evidence: said,
    remedy: 'see whether Redis runs and can be reached from here',
  };
}
