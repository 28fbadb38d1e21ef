import { CookieJar } from 'tough-cookie';
import { type Exchange, exchange } from '../http/http-exchange.ts';
import type { RequestSpec } from '../http/request.schema.ts';

const redirects = new Set([301, 302, 303, 307, 308]);

/** A visitor with a cookie jar. Cookies that are only for TLS are kept for this machine as well, as browsers do. */
export type Visitor = { jar: CookieJar };

export function newVisitor(): Visitor {
  return { jar: new CookieJar(undefined, { rejectPublicSuffixes: false }) };
}

/** Value of a cookie that would be sent to this address, undefined where there is none. */
export async function cookieOf({ jar }: Visitor, name: string, url: string): Promise<string | undefined> {
  return (await jar.getCookies(url)).find(({ key }) => key === name)?.value;
}

type Visit = { follow: number; signal: AbortSignal };

/**
 * Sends a request with the cookies kept so far, keeps those of every answer, and follows redirects as browsers do. The
 * answer holds the cookies that were set on the way.
 *
 * @throws what `exchange` throws
 */
export async function visit(
  visitor: Visitor,
  spec: RequestSpec,
  { follow, signal }: Visit,
): Promise<{ got: Exchange; url: string }> {
  let request = spec;
  let latencyMs = 0;
  const setCookies: string[] = [];
  for (let left = follow; ; left -= 1) {
    const got = await exchange(await withCookies(visitor, request), 0, signal);
    latencyMs += got.latencyMs;
    setCookies.push(...got.setCookies);
    await keep(visitor, got, request.url);
    const { location } = got.headers;
    if (!redirects.has(got.status) || location === undefined || left <= 0 || !URL.canParse(location, request.url))
      return { got: { ...got, latencyMs, setCookies }, url: request.url };
    request = redirected(request, got.status, new URL(location, request.url));
  }
}

async function withCookies({ jar }: Visitor, spec: RequestSpec): Promise<RequestSpec> {
  const kept = await jar.getCookieString(spec.url);
  if (kept === '') return spec;
  const own = spec.headers.cookie;
  return { ...spec, headers: { ...spec.headers, cookie: own === undefined ? kept : `${own}; ${kept}` } };
}

async function keep({ jar }: Visitor, { setCookies }: Exchange, url: string): Promise<void> {
  for (const line of setCookies) await jar.setCookie(line, url, { ignoreError: true });
}

/** The body goes along with 307 and 308 only. Credentials never go to another origin. */
function redirected(spec: RequestSpec, status: number, to: URL): RequestSpec {
  const { body, json, form, sign, auth, ...rest } = spec;
  const same = to.origin === new URL(spec.url).origin;
  const { authorization, cookie, ...headers } = rest.headers;
  const keptAuth = same && auth !== undefined ? { auth } : {};
  const next = { ...rest, ...keptAuth, url: to.href, headers: same ? rest.headers : headers };
  if (status !== 307 && status !== 308) return { ...next, method: spec.method === 'HEAD' ? 'HEAD' : 'GET' };
  return {
    ...next,
    ...(body === undefined ? {} : { body }),
    ...(json === undefined ? {} : { json }),
    ...(form === undefined ? {} : { form }),
    ...(sign === undefined || !same ? {} : { sign }),
  };
}
