import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { ApplyInput } from '../../src/activities/inputs.ts';
import { targetActivities } from '../../src/activities/targets.ts';
import { postgresSchema, postgresTraits } from '../../src/targets/postgres/postgres.schema.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

const password = 'p@ss/w:rd%41 ünsafe';
let server: Postgres;
let home = '';
beforeAll(async () => {
  server = await startPostgres();
  await server.sql(`create role owner login superuser password '${password}'`);
  await server.sql('create database shop owner owner');
  home = await mkdtemp(join(tmpdir(), 'savepoint-printed-'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server?.stop();
  await rm(home, { recursive: true, force: true });
});

let key = 0;
beforeEach(() => {
  key += 1;
  vi.stubEnv('OWNER_URL', server.url('shop', { user: 'owner', password }));
  vi.stubEnv('APP_DSN', 'postgres://app:another-Secret@elsewhere/app');
});

/** Everything that a migration's program is given and may print, in the forms in which it may. */
const prints = `
  const { DATABASE_URL, PGPASSWORD, APP_DSN } = process.env;
  console.log('told', DATABASE_URL, PGPASSWORD, JSON.stringify(DATABASE_URL), APP_DSN);
  console.error(encodeURIComponent(PGPASSWORD), decodeURIComponent(DATABASE_URL), DATABASE_URL.slice(0, -3));
`;

function input(code: number): ApplyInput {
  const command = ['node', '-e', `${prints}; process.exitCode = ${code}`];
  const spec = postgresSchema.parse({
    url: `\${env:OWNER_URL}`,
    migrate: { command, env: { APP_DSN: `\${env:APP_DSN}` } },
  });
  return {
    place: {
      application: 'shop',
      environment: 'test',
      version: 'v2',
      home,
      records: home,
      release: '00000000-0000-7000-8000-000000000001',
      references: ['env:OWNER_URL', 'env:APP_DSN'],
    },
    target: {
      name: 'database',
      kind: 'postgres',
      traits: postgresTraits,
      compatibility: null,
      writers: [],
      scope: 'all',
      spec,
    },
    key: `printed/${key}`,
    fence: key * 1000,
    pinned: null,
    patienceMs: 30_000,
    change: 'migrate',
  };
}

async function leaving(code: number): Promise<string> {
  const environment = new MockActivityEnvironment({ scheduledTimestampMs: Date.now() });
  const ended = await environment.run(() => targetActivities.migrate(input(code))).catch((error: unknown) => error);
  if (!(ended instanceof Error)) return JSON.stringify(ended);
  const { message, stack, cause, ...more } = ended;
  return JSON.stringify({ message, stack, cause: String(cause), more });
}

const inside = () => [
  password,
  encodeURIComponent(password),
  new URL(server.url('shop', { user: 'owner', password })).password,
  'another-Secret',
];

it.each([0, 3])(
  'what a migration prints of its addresses and passwords stays in the activity, exit %i',
  async (code) => {
    const left = await leaving(code);
    expect(left).toContain('told');
    expect(left).toContain('[redacted]');
    expect(left).not.toContain('[secret]');
    for (const secret of inside()) expect(left).not.toContain(secret);
    const kept = JSON.stringify(await server.sql('select * from savepoint.attempts', 'savepoint'));
    for (const secret of inside()) expect(kept).not.toContain(secret);
  },
);
