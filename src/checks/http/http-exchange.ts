import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { Agent, buildConnector, type Dispatcher, interceptors } from 'undici';
import type { RequestSpec } from './request.schema.ts';
import { preparedRequest } from './request.ts';

/** Longer bodies are read up to here and judged by what was read. */
const longestBody = 5 * 1024 * 1024;

/** An answer as it came. `daysLeft`: validity of the certificate, null without TLS. */
export type Exchange = {
  status: number;
  headers: Record<string, string>;
  /** Each `Set-Cookie` as it was sent; `headers` joins what came several times. */
  setCookies: string[];
  body: string;
  bytes: Buffer;
  latencyMs: number;
  daysLeft: number | null;
};

/** How far the last connection came; it decides what the absence of an answer means (decision 0004). */
export type Reached = 'nothing' | 'name' | 'host';

/** There was no answer. `cause` is what undici or Node said. */
export class NoAnswer extends Error {
  readonly reached: Reached;

  constructor(reached: Reached, cause: unknown) {
    super('no answer', { cause });
    this.reached = reached;
  }
}

type Progress = { reached: Reached; daysLeft: number | null };

/**
 * Sends the request over a new connection, as a new visitor would: a kept one would still lead to the version that ran
 * before a switch. The latency includes connecting.
 *
 * @throws NoAnswer when there was none within `spec.timeout`; the signal's reason when the caller gave up
 */
export async function exchange(spec: RequestSpec, follow: number, signal: AbortSignal): Promise<Exchange> {
  signal.throwIfAborted();
  const { url, ...request } = await preparedRequest(spec);
  const progress: Progress = { reached: 'nothing', daysLeft: null };
  const agent = new Agent({ connect: watchedConnector(spec, progress), pipelining: 0 });
  const client = agent.compose(interceptors.redirect({ maxRedirections: follow }));
  const patience = AbortSignal.timeout(spec.timeout);
  const started = performance.now();
  try {
    const options = {
      origin: url.origin,
      path: url.pathname + url.search,
      ...request,
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    const answer = await client.request({ ...options, signal: AbortSignal.any([signal, patience]) });
    const bytes = await readBody(answer);
    const latencyMs = performance.now() - started;
    return {
      status: answer.statusCode,
      headers: flat(answer.headers),
      setCookies: [answer.headers['set-cookie'] ?? []].flat(),
      body: bytes.toString('utf8'),
      bytes,
      latencyMs,
      daysLeft: progress.daysLeft,
    };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (!isOutside(error)) throw error;
    throw new NoAnswer(progress.reached, error);
  } finally {
    await agent.destroy();
  }
}

/** The outside world fails with a code or by running out of time; anything else is a bug and stays one. */
function isOutside(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'TimeoutError' ||
    error.name === 'HTTPParserError' ||
    ('code' in error && typeof error.code === 'string')
  );
}

/** Notes how far a connection came and how long its certificate is valid. */
function watchedConnector({ ca, timeout }: RequestSpec, progress: Progress): buildConnector.connector {
  // The typings leave out that a connector returns its socket, and that is where the steps can be seen.
  const connect = buildConnector({ timeout, ...(ca === undefined ? {} : { ca }) }) as (
    ...args: Parameters<buildConnector.connector>
  ) => Socket;
  return (options, callback) => {
    progress.reached = 'nothing';
    const socket = connect(options, (...outcome) => {
      if (outcome[1] instanceof TLSSocket) progress.daysLeft = daysLeft(outcome[1]);
      callback(...outcome);
    });
    socket.once('lookup', (error: Error | null) => {
      if (error === null && progress.reached === 'nothing') progress.reached = 'name';
    });
    socket.once('connect', () => {
      progress.reached = 'host';
    });
  };
}

function daysLeft(socket: TLSSocket): number {
  return (Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / 86_400_000;
}

async function readBody({ body, headers }: Dispatcher.ResponseData): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= longestBody) break;
  }
  return unpacked(Buffer.concat(chunks), String(headers['content-encoding'] ?? ''));
}

/** Some servers compress although nobody asked for it. */
function unpacked(bytes: Buffer, encoding: string): Buffer {
  const limit = { maxOutputLength: longestBody };
  if (bytes.length === 0) return bytes;
  if (/gzip/i.test(encoding)) return gunzipSync(bytes, limit);
  if (/br/i.test(encoding)) return brotliDecompressSync(bytes, limit);
  return /deflate/i.test(encoding) ? inflateSync(bytes, limit) : bytes;
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const pairs = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(pairs);
}
