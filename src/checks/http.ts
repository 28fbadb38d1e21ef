import { query } from 'jsonpath-rfc9535';
import type { Answer, Asking, Check } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import { answerOf, pending } from './answer.ts';
import { headerProblems, textProblems, valueProblems } from './expectations.ts';
import type { HttpSpec, Limits } from './http.schema.ts';
import { type Exchange, exchange, NoAnswer } from './http-exchange.ts';
import { answerToSilence } from './http-silence.ts';

/** Sends one request and compares the answer with what is expected. */
export const http: Check<HttpSpec> = { ask };

async function ask({ spec, signal }: Asking<HttpSpec>): Promise<Answer> {
  const unusable = specProblem(spec);
  if (unusable !== null) return pending(unusable, '', 'correct the plan or the value that it refers to');
  const address = addressOf(spec.url);
  const follow = spec.expect.redirect === undefined ? (spec.follow ?? 5) : 0;
  try {
    return judged(spec, address, await exchange(spec, follow, signal));
  } catch (error) {
    if (error instanceof NoAnswer) return answerToSilence(address, error, spec.timeout);
    throw error;
  }
}

/** What keeps the request from being sent at all; never shows a value that may be secret. */
function specProblem(spec: HttpSpec): string | null {
  if (!URL.canParse(spec.url)) return 'url is no address once its references are resolved';
  if (!/^https?:$/.test(new URL(spec.url).protocol)) return 'url is neither http:// nor https://';
  for (const path of Object.keys(spec.expect.json)) {
    try {
      query(null, path);
    } catch {
      return `${path} is not a JSON path as RFC 9535 has it`;
    }
  }
  return null;
}

/** For people: without user, password and what follows a question mark, where keys are often put. */
function addressOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function judged(spec: HttpSpec, address: string, got: Exchange): Answer {
  const { expect } = spec;
  const latency = latencyProblems(expect.latency, got.latencyMs);
  const tls = tlsProblems(expect.tls?.daysLeft, got.daysLeft);
  const failures = [
    ...statusProblems(spec, got),
    ...redirectProblems(spec, got),
    ...Object.entries(expect.header).flatMap(([name, wanted]) =>
      headerProblems(name, got.headers[name.toLowerCase()], wanted),
    ),
    ...jsonProblems(expect.json, got.body),
    ...textProblems('the body', got.body, expect),
    ...latency.failures,
    ...tls.failures,
  ];
  return answerOf({
    failures,
    warnings: [...latency.warnings, ...tls.warnings],
    seen: `${spec.method} ${address} → ${got.status} in ${Math.round(got.latencyMs)} ms\n${got.body}`,
    good: `${address} answered ${got.status} as expected`,
    remedy: 'compare the answer with what the plan expects, and see the log of the service',
  });
}

function statusProblems({ expect }: HttpSpec, { status, headers }: Exchange): string[] {
  const wanted = expect.status ?? (expect.redirect === undefined ? ['2xx'] : ['3xx']);
  const right = wanted.some((word) => word === String(status) || word === `${String(status).charAt(0)}xx`);
  const where = headers.location === undefined ? '' : ` to ${headers.location}`;
  return right ? [] : [`status is ${status}${where}, expected ${wanted.join(' or ')}`];
}

/** A relative redirect is compared as the address that it leads to, and as it was sent. */
function redirectProblems({ url, expect }: HttpSpec, { headers }: Exchange): string[] {
  if (expect.redirect === undefined) return [];
  const sent = headers.location;
  const asSent = headerProblems('location', sent, expect.redirect);
  if (asSent.length === 0 || sent === undefined || !URL.canParse(sent, url)) return asSent;
  return headerProblems('location', new URL(sent, url).href, expect.redirect).length === 0 ? [] : asSent;
}

function jsonProblems(wanted: HttpSpec['expect']['json'], body: string): string[] {
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

type Found = { failures: string[]; warnings: string[] };

/** The stricter limit that is missed decides. */
function missed({ warn, fail }: Limits, misses: (limit: number) => boolean, say: (limit: number) => string): Found {
  if (fail !== null && misses(fail)) return { failures: [say(fail)], warnings: [] };
  if (warn !== null && misses(warn)) return { failures: [], warnings: [say(warn)] };
  return { failures: [], warnings: [] };
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
