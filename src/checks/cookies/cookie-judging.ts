import { Cookie } from 'tough-cookie';
import type { CookieConditions } from './cookie.schema.ts';

/** The cookies of `Set-Cookie` headers; the last one of a name counts, and those that only remove one do not. */
export function cookiesIn(setCookies: readonly string[]): Map<string, Cookie> {
  const cookies = new Map<string, Cookie>();
  for (const line of setCookies) {
    const cookie = Cookie.parse(line, { loose: true });
    if (cookie === undefined) continue;
    if (cookie.value === '' || cookie.TTL() <= 0) cookies.delete(cookie.key);
    else cookies.set(cookie.key, cookie);
  }
  return cookies;
}

/** What of a cookie is not as it must be; its value is never told. */
export function cookieProblems(
  name: string,
  cookie: Cookie | undefined,
  { secure, httpOnly, sameSite }: CookieConditions,
): string[] {
  if (cookie === undefined) return [`cookie ${name} is not set`];
  const site = cookie.sameSite?.toLowerCase();
  return [
    ...(secure && !cookie.secure ? [`cookie ${name} lacks Secure`] : []),
    ...(httpOnly && !cookie.httpOnly ? [`cookie ${name} lacks HttpOnly`] : []),
    ...(sameSite.some((each) => each === site)
      ? []
      : [`cookie ${name} has SameSite ${site ?? 'unset'}, expected ${sameSite.join(' or ')}`]),
    ...(site === 'none' && !cookie.secure && !secure ? [`cookie ${name} has SameSite none without Secure`] : []),
  ];
}

/** The flags of a cookie as evidence. */
export function flagsOf({ key, secure, httpOnly, sameSite }: Cookie): string {
  const flags = [secure ? 'Secure' : '', httpOnly ? 'HttpOnly' : '', `SameSite=${sameSite ?? 'unset'}`];
  return `${key}: ${flags.filter((flag) => flag !== '').join(', ')}`;
}
