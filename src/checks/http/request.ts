import { authorizationOf, basicOf, sign } from './credentials.ts';
import type { RequestSpec } from './request.schema.ts';

/** A request as undici takes it. */
export type Prepared = {
  url: URL;
  method: RequestSpec['method'];
  headers: Record<string, string>;
  body: string | null;
};

/** One request from its spec. Secrets in `url` move to a header. @throws TargetFailure where a key cannot be used */
export async function preparedRequest(spec: RequestSpec): Promise<Prepared> {
  const url = new URL(spec.url);
  const headers: Record<string, string> = { 'user-agent': 'savepoint', accept: '*/*' };
  const { body, type } = bodyOf(spec);
  if (type !== null) headers['content-type'] = type;
  if (url.username !== '' || url.password !== '') {
    headers.authorization = basicOf(decoded(url.username), decoded(url.password));
    url.username = '';
    url.password = '';
  }
  const authorization = await authorizationOf(spec);
  if (authorization !== null) headers.authorization = authorization;
  const signed = spec.sign === undefined ? { url, headers } : sign({ url, headers }, body ?? '', spec.sign);
  for (const [name, value] of Object.entries(spec.headers)) signed.headers[name.toLowerCase()] = value;
  return { ...signed, method: spec.method, body };
}

function bodyOf({ body, json, form }: RequestSpec): { body: string | null; type: string | null } {
  if (json !== undefined) return { body: JSON.stringify(json), type: 'application/json' };
  if (form === undefined) return { body: body ?? null, type: null };
  return { body: new URLSearchParams(form).toString(), type: 'application/x-www-form-urlencoded' };
}

/** A lone `%` stands for itself, as browsers have it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What keeps a request from being sent at all, null when nothing does; never shows a value that may be secret. */
export function addressProblem(url: string): string | null {
  if (!URL.canParse(url)) return 'url is no address once its references are resolved';
  return /^https?:$/.test(new URL(url).protocol) ? null : 'url is neither http:// nor https://';
}

/** For people: without user, password and what follows a question mark, where keys are often put. */
export function addressOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
