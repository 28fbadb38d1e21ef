import { query } from 'jsonpath-rfc9535';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import { type Exchange, exchange, NoAnswer } from '../http/http-exchange.ts';
import type { RequestSpec } from '../http/request.schema.ts';
import { addressProblem } from '../http/request.ts';
import type { MailpitSpec } from './mail.schema.ts';
import type { Mailbox, Raw } from './mailbox.ts';

/** Newest messages that are looked at; a check waits for one of its own. */
const most = 200;

type Summary = { id: string; created: string };
type Call = Pick<RequestSpec, 'method'> & { path: string; json?: Json };
type Asked = { spec: MailpitSpec; signal: AbortSignal };

/** The messages that a Mailpit has caught. New is what it had not and what is not older by its own clock. */
export async function openMailpit(spec: MailpitSpec, signal: AbortSignal): Promise<Mailbox> {
  const asked: Asked = { spec, signal };
  const old = await list(asked);
  const known = new Set(old.map(({ id }) => id));
  const newest = old.reduce((latest, { created }) => Math.max(latest, Date.parse(created)), 0);
  const fresh = async (): Promise<Raw[]> => {
    const found: Raw[] = [];
    for (const { id, created } of await list(asked)) {
      if (known.has(id) || Date.parse(created) < newest) continue;
      known.add(id);
      const { bytes } = await call(asked, { method: 'GET', path: `message/${encodeURIComponent(id)}/raw` });
      found.push({ id, source: bytes });
    }
    return found.reverse();
  };
  const remove = async (id: string): Promise<void> => {
    // Without any id it would remove every message.
    await call(asked, { method: 'DELETE', path: 'messages', json: { IDs: [id] } });
  };
  return { fresh, remove, close: async () => undefined };
}

/** Newest first. */
async function list(asked: Asked): Promise<Summary[]> {
  const { body } = await call(asked, { method: 'GET', path: `messages?limit=${most}` });
  const parsed = parse(body);
  const messages = parsed === undefined ? [] : (query(parsed, '$.messages') as Json[]);
  if (!Array.isArray(messages[0])) throw notMailpit('it answers with something else than a list of messages');
  return messages[0].map((message) => ({ id: textAt(message, '$.ID'), created: textAt(message, '$.Created') }));
}

function textAt(message: Json, path: string): string {
  const [found] = query(message, path) as Json[];
  if (typeof found !== 'string') throw notMailpit('its messages lack ID or Created');
  return found;
}

function parse(body: string): Json | undefined {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
}

async function call({ spec, signal }: Asked, { method, path, json }: Call): Promise<Exchange> {
  if (addressProblem(spec.mailpit) !== null) {
    throw new TargetFailure('invalid-input', 'mailpit is no address once its references are resolved', {
      remedy: 'write it as http://mailpit.example:8025',
    });
  }
  const base = spec.mailpit.replace(/\/*$/, '/');
  const request: RequestSpec = {
    url: new URL(`api/v1/${path}`, base).href,
    method,
    headers: {},
    timeout: 10_000,
    ...(json === undefined ? {} : { json }),
    ...(spec.ca === undefined ? {} : { ca: spec.ca }),
  };
  const got = await exchange(request, 0, signal).catch((error: unknown) => {
    if (!(error instanceof NoAnswer)) throw error;
    throw new TargetFailure('unreachable', 'the Mailpit does not answer', {
      remedy: 'check its address, and the network of the worker',
    });
  });
  if (got.status === 401 || got.status === 403) {
    throw new TargetFailure('permission', `the Mailpit answers ${got.status}`, {
      remedy: 'give user and password in its address, by a reference',
    });
  }
  if (got.status >= 300) throw notMailpit(`it answers ${got.status}`);
  return got;
}

function notMailpit(why: string): TargetFailure {
  return new TargetFailure('unreachable', `the mailbox is no Mailpit: ${why}`, { remedy: 'check its address' });
}
