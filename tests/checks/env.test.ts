import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { envSchema } from '../../src/checks/env.schema.ts';
import { env } from '../../src/checks/env.ts';
import { asking } from './asking.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'savepoint-env-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const good: Record<string, string> = {
  BASE_URL: 'https://shop.test/app',
  DATABASE_URL: 'postgresql://shop:p4ssw0rd@db.test:5432/shop',
  JWT_SECRET: 'k9#Vq2!mZp8$Lw4@Rt6^Yn1&Bx3*Gd5(H',
  NODE_ENV: 'production',
  SENTRY_DSN: 'https://key@sentry.test/1',
};

/** Asks about a file with the given variables; undefined leaves one out. */
async function ask(written: z.input<typeof envSchema>, more: Record<string, string | undefined> = {}) {
  const lines = Object.entries({ ...good, ...more }).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}='${value}'\n`,
  );
  await writeFile(join(home, '.env'), lines.join(''));
  return await env.ask(asking(envSchema.parse({ file: '.env', ...written }), { home }));
}

const spec: z.input<typeof envSchema> = {
  required: ['BASE_URL', 'DATABASE_URL', 'JWT_SECRET', 'NODE_ENV'],
  recommended: ['SENTRY_DSN'],
  optional: { PORT: '5000' },
  rules: {
    BASE_URL: { url: ['https'] },
    DATABASE_URL: { url: true },
    JWT_SECRET: { minLength: 32 },
    NODE_ENV: { oneOf: ['production', 'staging'] },
    SMTP_PASSWORD: { requiredIf: 'SMTP_HOST' },
    META_TOKEN: { requiredIf: { CHANNEL: 'messenger' }, matches: '^EAA' },
    PORT: { matches: '^\\d+$' },
  },
};

describe('MB-01 FB-02 environment variables', () => {
  test('that are all there are a PASS, with the defaults that hold', async () => {
    expect(await ask(spec)).toMatchObject({
      status: 'PASS',
      summary: '4 required variables are set and look right',
      evidence: expect.stringContaining('PORT is not set: 5000 holds'),
    });
  });

  test.each([
    ['a missing one', { JWT_SECRET: undefined }, 'JWT_SECRET is not set'],
    ['an empty one', { JWT_SECRET: '' }, 'JWT_SECRET is not set'],
    ['a short one', { JWT_SECRET: 'k9#Vq2!mZp8$' }, 'JWT_SECRET has 12 characters, needs at least 32'],
    ['no address', { BASE_URL: 'shop.test' }, 'BASE_URL is no address'],
    ['another scheme', { BASE_URL: 'http://shop.test' }, 'BASE_URL begins with http:, expected https'],
    ['a value of no list', { NODE_ENV: 'prod' }, 'NODE_ENV is none of production, staging'],
    ['white space', { JWT_SECRET: `${good.JWT_SECRET} ` }, 'JWT_SECRET begins or ends with white space'],
    ['one that another makes necessary', { SMTP_HOST: 'mail.test' }, 'SMTP_PASSWORD is not set'],
    ['one that a value makes necessary', { CHANNEL: 'messenger' }, 'META_TOKEN is not set'],
    ['a pattern', { CHANNEL: 'messenger', META_TOKEN: 'nope-4711' }, 'META_TOKEN does not match /^EAA/'],
    ['an optional one that is wrong', { PORT: 'many' }, 'PORT does not match /^\\d+$/'],
  ])('%s is a FAIL', async (_, more, summary) => {
    const answer = await ask(spec, more);
    expect(answer).toMatchObject({ status: 'FAIL', summary, remedy: expect.stringContaining('.env') });
    for (const value of Object.values({ ...good, ...more })) {
      if (value !== undefined && value.length > 8 && value !== 'production')
        expect(JSON.stringify(answer)).not.toContain(value);
    }
  });

  test.each([
    'changeme',
    'CHANGE_ME',
    'your-secret-key-here-your-secret-key-here',
    '<jwt secret>',
    'xxxxxxxx',
    'TODO',
    '${JWT_SECRET}',
    'replace-with-a-long-random-string',
  ])('a placeholder is a FAIL: %s', async (JWT_SECRET) => {
    const answer = await ask({ required: ['JWT_SECRET'] }, { JWT_SECRET });
    expect(answer).toMatchObject({ status: 'FAIL', summary: 'JWT_SECRET still looks like a placeholder' });
    expect(JSON.stringify(answer)).not.toContain(JWT_SECRET);
  });

  test('a placeholder inside an address is one too, unless the plan says that it is none', async () => {
    const more = { DATABASE_URL: 'postgresql://user:your-password@db.test/shop' };
    expect(await ask(spec, more)).toMatchObject({ status: 'FAIL' });
    const allowed = { ...spec, rules: { ...spec.rules, DATABASE_URL: { placeholder: true } } };
    expect(await ask(allowed, more)).toMatchObject({ status: 'PASS' });
  });

  test('a recommended one that is missing is a WARN', async () => {
    expect(await ask(spec, { SENTRY_DSN: undefined })).toMatchObject({
      status: 'WARN',
      summary: 'SENTRY_DSN is not set, and should be',
    });
  });

  test('a file that is not there is PENDING', async () => {
    const answer = await env.ask(asking(envSchema.parse({ ...spec, file: 'gone.env' }), { home }));
    expect(answer).toMatchObject({ status: 'PENDING', summary: 'gone.env cannot be read' });
  });

  test('those of the worker itself are looked at without a file', async () => {
    const answer = await env.ask(asking(envSchema.parse({ required: ['PATH', 'SAVEPOINT_NEVER_SET'] }), { home }));
    expect(answer).toMatchObject({ status: 'FAIL', summary: 'SAVEPOINT_NEVER_SET is not set' });
  });
});
