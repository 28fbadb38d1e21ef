import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { askOnce } from '../../src/checks/ask.ts';
import { secretsInLogsSchema } from '../../src/checks/logs/secrets-in-logs.schema.ts';
import { secretsInLogs } from '../../src/checks/logs/secrets-in-logs.ts';
import type { Check } from '../../src/release/check.ts';
import type { Json } from '../../src/release/json.ts';
import { knownForms } from '../../src/secrets/known.ts';
import { asking } from './asking.ts';
import { folderForFile } from './folder.ts';

const folder = folderForFile();
const env = {
  HOOK_SECRET: 'whsec-Zx81/+kq',
  SHOP_URL: 'https://shop.test',
  DATABASE_URL: 'postgresql://u:pa55-w0rd@db/x',
};
const references = Object.keys(env).map((name) => `env:${name}`);
/** Put together here, so that nothing in this file looks like a token. */
const token = `ghp_${'aB3dE5fG7h'.repeat(4).slice(0, 36)}`;

const ask = (more: Partial<z.input<typeof secretsInLogsSchema>> = {}) => {
  const spec = secretsInLogsSchema.parse({ files: ['logs/**/*.log'], ...more }) as Json;
  const secrets = () => knownForms(references, { env, home: folder.home() });
  return askOnce(secretsInLogs as Check<Json>, asking(spec, { home: folder.home(), secrets }));
};

describe('secrets in logs', () => {
  test('that are not there are a PASS; addresses that are no secrets may be', async () => {
    await folder.write('logs/app.log', 'listening on https://shop.test\nready\n');
    expect(await ask()).toMatchObject({ status: 'PASS', summary: 'no secret in 3 lines' });
  });

  test.each([
    ['as it is', env.HOOK_SECRET, 'env:HOOK_SECRET'],
    ['in an address', encodeURIComponent(env.HOOK_SECRET), 'env:HOOK_SECRET'],
    ['in base64', Buffer.from(`user:${env.HOOK_SECRET}`).toString('base64'), 'env:HOOK_SECRET'],
    ['the password of an address', 'login with pa55-w0rd failed', 'env:DATABASE_URL'],
    ['a token of a well-known service', token, 'GITHUB_TOKEN'],
  ])('%s is a FAIL that says where and never what', async (_, printed, what) => {
    await folder.write('logs/deep/app.log', `fine\nauth ${printed}\n`);
    const answer = await ask();
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: `${what} is printed in logs/deep/app.log:2`,
      remedy: expect.stringContaining('replace the secret'),
    });
    expect(JSON.stringify(answer)).not.toContain(printed);
  });

  test('what a plan ignores does not count', async () => {
    await folder.write('logs/app.log', `${token}\n`);
    expect(await ask({ ignore: ['GITHUB_TOKEN'] })).toMatchObject({ status: 'PASS' });
    expect(await ask({ patterns: false })).toMatchObject({ status: 'PASS' });
  });

  test('of a command are found', async () => {
    expect(await ask({ files: [], command: ['echo', env.HOOK_SECRET] })).toMatchObject({
      status: 'FAIL',
      summary: 'env:HOOK_SECRET is printed in echo:1',
    });
  });

  test('in the last part of a file that is too long are found, and a clean one is a WARN', async () => {
    const long = 'nothing to see in this line\n'.repeat(800_000);
    await folder.write('logs/app.log', long);
    expect(await ask({ patterns: false })).toMatchObject({ status: 'WARN', summary: 'only the last 20 MB were read' });
    await folder.write('logs/app.log', `${long}${env.HOOK_SECRET}\n`);
    expect(await ask({ patterns: false })).toMatchObject({ status: 'FAIL' });
  });

  test('cannot be looked for without a file: PENDING', async () => {
    expect(await ask()).toMatchObject({ status: 'PENDING', summary: 'there is no file logs/**/*.log' });
  });
});
