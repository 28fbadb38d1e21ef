import { type Dispatcher, util } from 'undici';
import { judge, pathProblem } from '../../checks/http/http-judging.ts';
import { addressProblem, preparedRequest } from '../../checks/http/request.ts';
import type { LoadRequest } from './load.schema.ts';
import type { Outcome } from './load-counting.ts';

/** Longer bodies are read up to here and judged by what was read. */
const longestBody = 5 * 1024 * 1024;

/** What of an answer is needed to judge it. */
export type Got = { status: number; headers: Record<string, string>; setCookies: string[]; chunks: Buffer[] };

/** One request as it is sent again and again. `judged`: null where the status says all. */
export type Shot = {
  origin: string;
  ca: string | undefined;
  options: Dispatcher.DispatchOptions;
  expects(status: number): boolean;
  judged: ((got: Got) => Promise<Outcome>) | null;
};

/** What keeps a request from being sent at all, null when nothing does; never shows a value that may be secret. */
export function requestProblem({ url, expect }: LoadRequest): string | null {
  return addressProblem(url) ?? pathProblem(Object.keys(expect.json));
}

/** @throws TargetFailure where a key cannot be used */
export async function shotOf(request: LoadRequest): Promise<Shot> {
  const { url, method, headers, body } = await preparedRequest({ ...request, timeout: 0 });
  const { expect } = request;
  const expects = statusesOf(expect);
  return {
    origin: url.origin,
    ca: request.ca,
    options: {
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: Object.entries(headers).flat(),
      body,
    },
    expects,
    judged: needsMore(expect) ? (got) => judgedWhole(request, got) : null,
  };
}

/** Proofs that expire are made anew this often, in milliseconds; null where none does. */
export function renewEveryMs(requests: readonly LoadRequest[]): number | null {
  const lives = requests.flatMap(({ auth }) => (auth?.jwt === undefined ? [] : [auth.jwt.expiresIn]));
  return lives.length === 0 ? null : Math.max(1_000, Math.min(...lives) / 2);
}

/** Looked up for each answer, so all statuses are decided before. */
function statusesOf({ status, redirect }: LoadRequest['expect']): (status: number) => boolean {
  const wanted = status ?? [redirect === undefined ? '2xx' : '3xx'];
  const right = new Set(
    Array.from({ length: 500 }, (_, index) => index + 100).filter((each) =>
      wanted.some((word) => word === String(each) || word === `${Math.floor(each / 100)}xx`),
    ),
  );
  return (got) => right.has(got);
}

function needsMore({ status: _status, json, text, notText, header, ...more }: LoadRequest['expect']): boolean {
  const lists = [Object.keys(json), text, notText, Object.keys(header)];
  return lists.some(({ length }) => length > 0) || Object.values(more).some((each) => each !== undefined);
}

async function judgedWhole({ expect, url }: LoadRequest, { chunks, ...got }: Got): Promise<Outcome> {
  const bytes = Buffer.concat(chunks);
  const answer = { ...got, bytes, body: bytes.toString('utf8'), latencyMs: 0, daysLeft: null };
  const { failures } = await judge({ ...expect, latency: { warn: null, fail: null } }, answer, url);
  const [first] = failures;
  return first === undefined ? { as: 'ok' } : { as: 'error', kind: first.slice(0, 100) };
}

/** Collects what `judged` needs. `raw`: names and values in turns, as undici has them. */
export function startAnswer(status: number, raw: Buffer[]): Got {
  const headers = util.parseHeaders(raw);
  const flat = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')]);
  return { status, headers: Object.fromEntries(flat), setCookies: [headers['set-cookie'] ?? []].flat(), chunks: [] };
}

export function addChunk({ chunks }: Got, chunk: Buffer): void {
  const length = chunks.reduce((sum, each) => sum + each.length, 0);
  if (length < longestBody) chunks.push(chunk);
}
