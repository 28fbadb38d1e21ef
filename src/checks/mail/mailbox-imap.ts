import type { ImapFlow, ImapFlowOptions } from 'imapflow';
import { TargetFailure } from '../../release/failure.ts';
import type { ImapSpec } from './mail.schema.ts';
import type { Mailbox, Raw } from './mailbox.ts';

/** Longer messages are read up to here. */
const longest = 5 * 1024 * 1024;

/** Patience for the server, for each thing that it is asked. */
const patienceMs = 15_000;

/** A folder of an IMAP server; what has a number below its next one at this moment is old. */
export async function openImap(spec: ImapSpec, signal: AbortSignal): Promise<Mailbox> {
  signal.throwIfAborted();
  const client = await newClient(spec);
  const end = (): void => client.close();
  signal.addEventListener('abort', end, { once: true });
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', end);
    if (client.usable) await client.logout().catch(() => undefined);
    client.close();
  };
  try {
    await client.connect();
    const { uidNext } = await client.mailboxOpen(spec.folder);
    let next = uidNext > 0 ? uidNext : await nextOf(client);
    const fresh = async (): Promise<Raw[]> => {
      const found = await guarded(spec, signal, () => newerThan(client, next));
      for (const { uid } of found) next = Math.max(next, uid + 1);
      return found.map(({ uid, source }) => ({ id: String(uid), source }));
    };
    const remove = async (id: string): Promise<void> => {
      await guarded(spec, signal, () => client.messageDelete(id, { uid: true }));
    };
    return { fresh, remove, close };
  } catch (error) {
    await close();
    signal.throwIfAborted();
    throw failureOf(spec, error);
  }
}

async function newClient(spec: ImapSpec): Promise<ImapFlow> {
  const url = addressOf(spec);
  const { ImapFlow: Client } = await import('imapflow');
  const secure = url.protocol === 'imaps:';
  const options: ImapFlowOptions = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 993 : 143) : Number(url.port),
    secure,
    auth: { user: spec.user, pass: spec.password },
    tls: spec.ca === undefined ? {} : { ca: spec.ca },
    // It logs what it sends and gets.
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs * 8,
  };
  const client = new Client(options);
  // A lost connection is told by the next call.
  client.on('error', () => undefined);
  return client;
}

function addressOf({ imap }: ImapSpec): URL {
  if (URL.canParse(imap) && /^imaps?:$/.test(new URL(imap).protocol)) return new URL(imap);
  throw new TargetFailure('invalid-input', 'imap is no address of a mail server once its references are resolved', {
    remedy: 'write it as imaps://mail.example:993',
  });
}

/** Some servers do not tell their next number. */
async function nextOf(client: ImapFlow): Promise<number> {
  const all = await client.search({ all: true }, { uid: true });
  return Math.max(0, ...(all === false || all === undefined ? [] : all)) + 1;
}

/** The last message always belongs to `n:*`, even where its number is lower. */
async function newerThan(client: ImapFlow, next: number): Promise<{ uid: number; source: Buffer }[]> {
  await client.noop();
  const found: { uid: number; source: Buffer }[] = [];
  const wanted = { uid: true, source: { maxLength: longest } };
  for await (const { uid, source } of client.fetch(`${next}:*`, wanted, { uid: true })) {
    if (uid >= next && source !== undefined) found.push({ uid, source });
  }
  return found;
}

async function guarded<T>(spec: ImapSpec, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(spec, error);
  }
}

/** What the server itself says may hold the user's name, so only codes are told. */
function failureOf(spec: ImapSpec, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TargetFailure || error instanceof TypeError) return error;
  const { hostname } = addressOf(spec);
  if ('authenticationFailed' in error && error.authenticationFailed === true) {
    return new TargetFailure('permission', `${hostname} refuses the login to the mailbox`, {
      remedy: 'check user and password; many providers want a password for applications',
    });
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if ('mailboxMissing' in error && error.mailboxMissing === true) {
    return new TargetFailure('not-found', `${hostname} has no folder ${spec.folder}`, { remedy: 'correct folder' });
  }
  return new TargetFailure('unreachable', `the mailbox on ${hostname} cannot be asked`, {
    evidence: code === '' ? error.name : code,
    remedy: 'check the address, its port and TLS, and the network of the worker',
  });
}
