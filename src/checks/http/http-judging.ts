import { query } from 'jsonpath-rfc9535';
import type { Json } from '../../release/json.ts';
import type { Limits } from '../limits.schema.ts';
import { type Found, missed } from '../limits.ts';
import { boundsProblems, headerProblems, textProblems, valueProblems } from './expectations.ts';
import type { AnswerExpectations } from './http.schema.ts';
import type { Exchange } from './http-exchange.ts';

/** A JSON path that cannot be used, null when all can. */
export function pathProblem(paths: readonly string[]): string | null {
  for (const path of paths) {
    try {
      query(null, path);
    } catch {
      return `${path} is not a JSON path as RFC 9535 has it`;
    }
  }
  return null;
}

/** What of an answer disagrees with what is expected. `url`: where relative redirects start. */
export async function judge(expect: AnswerExpectations, got: Exchange, url: string): Promise<Found> {
  const latency = latencyProblems(expect.latency, got.latencyMs);
  const tls = tlsProblems(expect.tls?.daysLeft, got.daysLeft);
  const failures = [
    ...statusProblems(expect, got),
    ...redirectProblems(expect, got, url),
    ...Object.entries(expect.header).flatMap(([name, wanted]) =>
      headerProblems(name, got.headers[name.toLowerCase()], wanted),
    ),
    ...jsonProblems(expect.json, got.body),
    ...textProblems('the body', got.body, expect),
    ...(await cookiesProblems(expect.cookies, got.setCookies)),
    ...(await fileProblems(expect.file, got.bytes)),
    ...latency.failures,
    ...tls.failures,
  ];
  return { failures, warnings: [...latency.warnings, ...tls.warnings] };
}

async function cookiesProblems(wanted: AnswerExpectations['cookies'], setCookies: string[]): Promise<string[]> {
  const names = Object.entries(wanted ?? {});
  if (names.length === 0) return [];
  const { cookieProblems, cookiesIn } = await import('../cookies/cookie-judging.ts');
  const found = cookiesIn(setCookies);
  return names.flatMap(([name, conditions]) => cookieProblems(name, found.get(name), conditions));
}

async function fileProblems(wanted: AnswerExpectations['file'], bytes: Buffer): Promise<string[]> {
  if (wanted === undefined) return [];
  const { fileTypeFromBuffer } = await import('file-type');
  const found = await fileTypeFromBuffer(bytes);
  const right = found?.ext === wanted.type;
  return [
    ...(right
      ? []
      : [
          `the body is ${found === undefined ? 'no file of a known type' : `a ${found.ext}`}, expected a ${wanted.type}`,
        ]),
    ...boundsProblems('length of the file', bytes.length, wanted.size ?? {}),
  ];
}

function statusProblems(expect: AnswerExpectations, { status, headers }: Exchange): string[] {
  const wanted = expect.status ?? (expect.redirect === undefined ? ['2xx'] : ['3xx']);
  const right = wanted.some((word) => word === String(status) || word === `${String(status).charAt(0)}xx`);
  const where = headers.location === undefined ? '' : ` to ${headers.location}`;
  return right ? [] : [`status is ${status}${where}, expected ${wanted.join(' or ')}`];
}

/** A relative redirect is compared as the address that it leads to, and as it was sent. */
function redirectProblems(expect: AnswerExpectations, { headers }: Exchange, url: string): string[] {
  if (expect.redirect === undefined) return [];
  const sent = headers.location;
  const asSent = headerProblems('location', sent, expect.redirect);
  if (asSent.length === 0 || sent === undefined || !URL.canParse(sent, url)) return asSent;
  return headerProblems('location', new URL(sent, url).href, expect.redirect).length === 0 ? [] : asSent;
}

function jsonProblems(wanted: AnswerExpectations['json'], body: string): string[] {
  const paths = Object.entries(wanted);
  if (paths.length === 0) return [];
  const parsed = parse(body);
  if (parsed === undefined) return ['the body is not JSON'];
  return paths.flatMap(([path, conditions]) => valueProblems(path, query(parsed, path) as Json[], conditions));
}

function parse(body: string): Json | undefined {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
}

function latencyProblems(limits: Limits, latencyMs: number): Found {
  const say = (limit: number) => `the answer took ${Math.round(latencyMs)} ms, limit ${limit} ms`;
  return missed(limits, (limit) => latencyMs > limit, say);
}

function tlsProblems(limits: Limits | undefined, daysLeft: number | null): Found {
  if (limits === undefined) return { failures: [], warnings: [] };
  if (daysLeft === null) return { failures: ['it is not served over TLS'], warnings: [] };
  const say = (limit: number) =>
    `the certificate is valid for ${Math.floor(daysLeft)} more days, expected at least ${limit}`;
  return missed(limits, (limit) => daysLeft < limit, say);
}
