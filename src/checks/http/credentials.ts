import { createHmac } from 'node:crypto';
import type { CryptoKey, JWTPayload } from 'jose';
import { TargetFailure } from '../../release/failure.ts';
import type { JwtSpec, RequestSpec, SignSpec } from './request.schema.ts';

/** The value of `Authorization`, null where the spec has none. @throws TargetFailure where a key cannot be used */
export async function authorizationOf({ auth }: RequestSpec): Promise<string | null> {
  if (auth === undefined) return null;
  if (auth.bearer !== undefined) return `Bearer ${auth.bearer}`;
  if (auth.jwt !== undefined) return `Bearer ${await tokenOf(auth.jwt)}`;
  return auth.basic === undefined ? null : basicOf(auth.basic.user, auth.basic.password);
}

export function basicOf(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A token as the spec wants it: a right one, or one that a careful server refuses. */
async function tokenOf(spec: JwtSpec): Promise<string> {
  const jose = await import('jose');
  const claims = spec.claims as JWTPayload;
  if (spec.wrong === 'unsigned') return new jose.UnsecuredJWT(claims).setIssuedAt().setExpirationTime('5m').encode();
  const now = Math.floor(Date.now() / 1000);
  const expires = spec.wrong === 'expired' ? now - 3600 : now + Math.ceil(spec.expiresIn / 1000);
  const token = new jose.SignJWT(claims)
    .setProtectedHeader({ alg: spec.algorithm, typ: 'JWT' })
    .setIssuedAt(spec.wrong === 'expired' ? now - 7200 : now)
    .setExpirationTime(expires);
  const signed = await token.sign(await keyOf(spec)).catch((error: unknown) => unusable(error));
  return tampered(signed, spec.wrong);
}

async function keyOf({ secret, key, algorithm, wrong }: JwtSpec): Promise<CryptoKey | Uint8Array> {
  const jose = await import('jose');
  if (secret !== undefined) return new TextEncoder().encode(wrong === 'key' ? `${secret} and more` : secret);
  if (wrong === 'key') return (await jose.generateKeyPair(algorithm)).privateKey;
  return await jose.importPKCS8(key ?? '', algorithm).catch((error: unknown) => unusable(error));
}

/** The message of the library may quote the key. */
function unusable(error: unknown): never {
  const why = error instanceof Error ? error.name : 'unknown';
  throw new TargetFailure('invalid-input', `the token cannot be signed (${why})`, {
    remedy: 'check the key, and that it is one for this algorithm',
  });
}

function tampered(token: string, wrong: JwtSpec['wrong']): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  if (wrong === 'signature') return `${header}.${payload}.${flipped(signature)}`;
  if (wrong !== 'claims') return token;
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  const changed = JSON.stringify({ ...Object(claims), admin: true });
  return `${header}.${Buffer.from(changed).toString('base64url')}.${signature}`;
}

function flipped(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 0xff;
  return bytes.toString('base64url');
}

type Signed = { url: URL; headers: Record<string, string> };

/** Puts the signature of the body, or of the parameters, where the sender of that style puts it. */
export function sign({ url, headers }: Signed, body: string, { style, secret, wrong }: SignSpec): Signed {
  const hmac = (text: string): Buffer =>
    createHmac('sha256', wrong ? `${secret} and more` : secret)
      .update(text)
      .digest();
  if (style === 'shopify')
    return { url, headers: { ...headers, 'x-shopify-hmac-sha256': hmac(body).toString('base64') } };
  if (style !== 'shopify-proxy')
    return { url, headers: { ...headers, 'x-hub-signature-256': `sha256=${hmac(body).toString('hex')}` } };
  const signed = new URL(url);
  signed.searchParams.set('signature', hmac(sortedParameters(url)).toString('hex'));
  return { url: signed, headers };
}

/** As Shopify has it for app proxies: `key=value` pairs, sorted, with nothing in between; values of one key with commas. */
function sortedParameters({ searchParams }: URL): string {
  const names = [...new Set(searchParams.keys())].filter((name) => name !== 'signature');
  const pairs = names.map((name) => `${name}=${searchParams.getAll(name).join(',')}`);
  return pairs.sort().join('');
}
