import type { Answer, Asking, Check } from '../release/check.ts';
import { answerOf, pending } from './answer.ts';
import type { CorsSpec } from './cors.schema.ts';
import { type Exchange, exchange, NoAnswer } from './http/http-exchange.ts';
import { answerToSilence } from './http/http-silence.ts';
import type { RequestSpec } from './http/request.schema.ts';
import { addressOf, addressProblem } from './http/request.ts';
import type { Found } from './limits.ts';

/** Asks as browsers do on behalf of pages of other origins: who is let in, and who is not. */
export const cors: Check<CorsSpec> = { ask };

async function ask({ spec, signal }: Asking<CorsSpec>): Promise<Answer> {
  const problem = addressProblem(spec.url);
  if (problem !== null) return pending(problem, '', 'correct the plan or the value that it refers to');
  const found: Found = { failures: [], warnings: [] };
  const seen: string[] = [];
  const add = (origin: string, got: Exchange, more: Found): void => {
    found.failures.push(...more.failures);
    found.warnings.push(...more.warnings);
    seen.push(`${origin} → ${got.status}, allowed: ${got.headers['access-control-allow-origin'] ?? 'nobody'}`);
  };
  try {
    for (const origin of spec.allowed) {
      for (const method of spec.methods) {
        const got = await preflight(spec, { origin, method }, signal);
        add(`${origin} ${method}`, got, letIn(spec, { origin, method }, got));
      }
    }
    for (const origin of spec.refused) {
      const method = spec.methods[0] ?? 'GET';
      const got = await preflight(spec, { origin, method }, signal);
      add(origin, got, keptOut(origin, got));
    }
  } catch (error) {
    if (error instanceof NoAnswer) return answerToSilence(addressOf(spec.url), error, spec.timeout);
    throw error;
  }
  const good = `${spec.allowed.length} origins are let in, ${spec.refused.length} are not`;
  return answerOf({
    ...found,
    seen: seen.join('\n'),
    good,
    remedy: 'correct the list of allowed origins of the service',
  });
}

type Page = { origin: string; method: string };

async function preflight(spec: CorsSpec, { origin, method }: Page, signal: AbortSignal): Promise<Exchange> {
  const { url, timeout, ca, headers } = spec;
  const request: RequestSpec = {
    url,
    timeout,
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      ...(headers.length === 0 ? {} : { 'access-control-request-headers': headers.join(', ').toLowerCase() }),
    },
    ...(ca === undefined ? {} : { ca }),
  };
  return await exchange(request, 0, signal);
}

/** What browsers let through without asking. */
const simpleMethods = new Set(['GET', 'HEAD', 'POST']);

function letIn({ headers, credentials }: CorsSpec, { origin, method }: Page, got: Exchange): Found {
  const allowed = got.headers['access-control-allow-origin'];
  const failures: string[] = [];
  const fail = (what: string): void => void failures.push(`${origin}: ${what}`);
  if (got.status >= 300) fail(`the preflight for ${method} was answered with ${got.status}`);
  if (allowed !== origin && allowed !== '*') fail(`it is not let in, ${allowed ?? 'nobody'} is`);
  if (credentials && allowed === '*') fail('any origin is let in, and then browsers send no cookies');
  if (credentials && got.headers['access-control-allow-credentials'] !== 'true') fail('cookies are not allowed');
  if (!simpleMethods.has(method) && !lists(got, 'access-control-allow-methods', method))
    fail(`${method} is not allowed`);
  for (const header of headers) {
    if (!lists(got, 'access-control-allow-headers', header)) fail(`the header ${header} is not allowed`);
  }
  return { failures, warnings: [] };
}

function lists({ headers }: Exchange, name: string, wanted: string): boolean {
  const listed = (headers[name] ?? '').split(',').map((each) => each.trim().toLowerCase());
  return listed.includes('*') || listed.includes(wanted.toLowerCase());
}

function keptOut(origin: string, { headers }: Exchange): Found {
  const allowed = headers['access-control-allow-origin'];
  const withCookies = headers['access-control-allow-credentials'] === 'true';
  if (allowed === origin)
    return { failures: [`${origin} is let in${withCookies ? ', with cookies' : ''}`], warnings: [] };
  return { failures: [], warnings: allowed === '*' ? [`every origin is let in, ${origin} too`] : [] };
}
