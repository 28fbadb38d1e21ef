import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { knownSecrets } from '../../src/secrets/known.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'savepoint-known-'));
  await writeFile(join(home, 'key'), 'from-a-file\n');
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('what must not be told', () => {
  test('is every value that the plan refers to, and those without a value are passed over', async () => {
    const env = { SHOP_DATABASE: 'shop_production' };
    const known = await knownSecrets(['env:SHOP_DATABASE', 'file:key', 'env:MISSING', 'vault:x'], { env, home });
    expect(known).toEqual({ all: ['shop_production', 'from-a-file'], certain: ['from-a-file'] });
  });

  test('is not the bare address of a server, which people must see when it does not answer', async () => {
    const env = { SHOP_URL: 'https://shop.example.org:8443', REDIS_URL: 'redis://127.0.0.1:6379' };
    expect(await knownSecrets(['env:SHOP_URL', 'env:REDIS_URL'], { env, home })).toEqual({ all: [], certain: [] });
  });

  test.each([
    ['CHAT_WEBHOOK', 'https://hooks.example/services/T0/B0/x7Gh'],
    ['REPORTS_URL', 'https://reports.example/?key=x7Gh'],
    ['SHOP_URL', 'https://shop@shop.example.org'],
    ['SHOP_TOKEN', 'https://shop.example.org'],
    ['SHOP_NAME', 'Blossom'],
  ])('is %s with more than that', async (name, value) => {
    expect((await knownSecrets([`env:${name}`], { env: { [name]: value }, home })).all).toContain(value);
  });

  test.each([
    ['GITHUB_TOKEN', 'ghp_abcdef'],
    ['PGPASSWORD', 'swordfish'],
    ['AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI'],
    ['SHOP_URL', 'postgres://shop:swordfish@db/shop'],
    ['DB_PASS', 'swordfish'],
  ])('%s of the worker, although the plan does not name it', async (name, value) => {
    expect(await knownSecrets([], { env: { [name]: value }, home })).toEqual({ all: [value], certain: [value] });
  });

  test.each([
    ['PATH', '/usr/bin:/bin'],
    ['TOKEN_FILE', '/run/secrets/token'],
    ['TOKEN_TTL', '3600000'],
    ['USE_SECRETS', 'true'],
    ['SHOP_HOME', 'https://shop.example.org/'],
    ['COMPASS', 'north by northwest'],
  ])('is not %s', async (name, value) => {
    expect((await knownSecrets([], { env: { [name]: value }, home })).all).toEqual([]);
  });
});
