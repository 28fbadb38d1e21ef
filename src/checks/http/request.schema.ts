import { z } from 'zod';
import { duration, flag, text, url } from '../../plan/words.schema.ts';

const basic = z.strictObject({
  user: text.describe('User name'),
  password: text.describe('Password; give it as a reference'),
});

const jwt = z
  .strictObject({
    secret: text.optional().describe('Shared secret of HS256, HS384, HS512; give it as a reference'),
    key: text.optional().describe('Private key (PKCS #8, PEM) of all other algorithms; give it as a reference'),
    algorithm: z
      .enum(['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'])
      .default('HS256')
      .describe('Signature algorithm, default HS256'),
    claims: z.record(text, z.json()).default({}).describe('Claims of the token, such as sub and aud'),
    expiresIn: duration.default(300_000).describe('How long it is valid, default 5m'),
    wrong: z
      .enum(['signature', 'claims', 'key', 'expired', 'unsigned'], {
        error: 'must be signature, claims, key, expired or unsigned',
      })
      .optional()
      .describe(
        'Makes a token that must be refused: a changed signature, claims changed afterwards, another key, one that has expired, or none that signs',
      ),
  })
  .refine(({ secret, key }) => (secret === undefined) !== (key === undefined), {
    path: ['secret'],
    error: 'must be given, or key instead, and not both',
  })
  .refine(({ algorithm, secret }) => algorithm.startsWith('HS') === (secret !== undefined), {
    path: ['algorithm'],
    error: 'must be HS256, HS384 or HS512 with secret, and another one with key',
  });

const auth = z
  .strictObject({
    basic: basic.optional().describe('Basic authentication'),
    bearer: text.optional().describe('Bearer token; give it as a reference'),
    jwt: jwt.optional().describe('Bearer token that is signed for each request'),
  })
  .refine((given) => Object.keys(given).length === 1, { error: 'must hold exactly one of basic, bearer, jwt' });

const sign = z.strictObject({
  style: z
    .enum(['meta', 'github', 'shopify', 'shopify-proxy'], { error: 'must be meta, github, shopify or shopify-proxy' })
    .describe(
      'Where the HMAC (SHA-256) goes: `meta` and `github` X-Hub-Signature-256, `shopify` X-Shopify-Hmac-Sha256, `shopify-proxy` the parameter `signature` of the address',
    ),
  secret: text.describe('Secret that both sides know; give it as a reference'),
  wrong: flag.default(false).describe('Makes a signature that must be refused. Default false'),
});

/** What every kind that sends a request has. */
export const requestFields = {
  url: url.describe('Address that is asked'),
  method: z
    .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], {
      error: 'must be GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS',
    })
    .default('GET')
    .describe('Method, default GET'),
  headers: z.record(text, z.string()).default({}).describe('Headers of the request'),
  body: z.string().optional().describe('Body of the request as text'),
  json: z.json().optional().describe('Body of the request as JSON'),
  form: z.record(text, z.string()).optional().describe('Body of the request as a form'),
  auth: auth.optional().describe('How the request proves who sends it'),
  sign: sign.optional().describe('Signs the body, as webhooks are signed'),
  timeout: duration.default(10_000).describe('Patience for the whole answer, default 10s'),
  ca: text.optional().describe('Certificates (PEM) trusted instead of the public ones; give a file reference'),
};

type Bodies = { body?: unknown; json?: unknown; form?: unknown };

/** For `.refine`: a request has one body. */
export function hasOneBody({ body, json, form }: Bodies): boolean {
  return [body, json, form].filter((each) => each !== undefined).length <= 1;
}

export const oneBody = { path: ['body'], error: 'must not be given together with json or form' };

const request = z.strictObject(requestFields);
export type RequestSpec = z.output<typeof request>;
export type JwtSpec = z.output<typeof jwt>;
export type SignSpec = z.output<typeof sign>;
