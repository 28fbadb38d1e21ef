import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { postgres } from '../../../src/targets/postgres/postgres.ts';
import { shopForEach } from './for-each.ts';
import { attempt, failureOf, settle, type Wanted } from './world.ts';

const shop = shopForEach();

const byDirectory = { migrate: { directory: './migrations' }, seed: { directory: './seeds' } };
const migrate = (wanted: Wanted = {}) =>
  attempt(shop.world.call({ key: 'migrate', spec: byDirectory, ...wanted }), (call) =>
    postgres.apply(call, 'migrate', 'v2'),
  );
const save = () => attempt(shop.world.call({ key: 'save', spec: byDirectory }), postgres.save);
const columns = async () =>
  (
    await shop.world.sql(
      `select column_name as name from information_schema.columns where table_name = 'products' order by 1`,
    )
  ).map((row) => row.name);
const compare = async (savepoint: Awaited<ReturnType<typeof save>>) =>
  postgres.compare?.(shop.world.call({ key: 'compare', spec: byDirectory }), savepoint);

/** The same code in a worker that knows nothing of what another one began. */
async function anotherWorker(): Promise<typeof postgres> {
  vi.resetModules();
  return (await import('../../../src/targets/postgres/postgres.ts')).postgres;
}

async function until(what: string, query: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const [row] = await shop.server.sql(query);
    if (row?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`gave up waiting for ${what}`);
}

const sleeping = (marker: string) =>
  `select exists (select from pg_stat_activity where query like '%${marker}%' and state = 'active' and pid <> pg_backend_pid()) as ok`;

describe('an attempt that lost its worker', () => {
  test('while a statement runs on the server: it is ended first, then the file runs once', async () => {
    await save();
    await shop.world.write(
      'migrations/1_slow.sql',
      `alter table products add column b int; select pg_sleep(case when current_setting('app.fast', true) = '1' then 0 else 60 end) /* mark-one */;`,
    );
    const lost = shop.world.call({ key: 'migrate', spec: byDirectory });
    const first = postgres.apply(lost, 'migrate', 'v2');
    expect((await first).state).toBe('working');
    await until('the statement', sleeping('mark-one'));
    await shop.server.sql(`alter database ${shop.world.database} set app.fast to '1'`);

    const other = await anotherWorker();
    const result = await attempt(shop.world.call({ key: 'migrate', spec: byDirectory }), (call) =>
      other.apply(call, 'migrate', 'v2'),
    );
    expect(result).toMatchObject({ applied: ['1_slow.sql'] });
    expect(await columns()).toContain('b');
    const late = await failureOf(settle(() => postgres.apply(lost, 'migrate', 'v2')));
    expect(['unreachable', 'stale-fence']).toContain(late.kind);
    expect((await failureOf(settle(() => postgres.apply(lost, 'migrate', 'v2')))).kind).toBe('stale-fence');
  });

  test('outside a transaction at its first statement: begun again when nothing is left of it', async () => {
    await save();
    await shop.world.write(
      'migrations/1.sql',
      `-- savepoint: no-transaction\nselect pg_sleep(case when current_setting('app.fast', true) = '1' then 0 else 60 end) /* mark-two */;\nalter table products add column b int;`,
    );
    await postgres.apply(shop.world.call({ key: 'migrate', spec: byDirectory }), 'migrate', 'v2');
    await until('the statement', sleeping('mark-two'));
    const fast = shop.world.call({ key: 'migrate', spec: byDirectory });
    const other = await anotherWorker();
    await shop.server.sql(`alter role postgres set app.fast to '1'`);
    try {
      expect(await attempt(fast, (call) => other.apply(call, 'migrate', 'v2'))).toMatchObject({ applied: ['1.sql'] });
    } finally {
      await shop.server.sql('alter role postgres reset app.fast');
    }
    expect(await columns()).toContain('b');
  });

  test('in CREATE INDEX CONCURRENTLY: the INVALID index is reported and the file is not run again', async () => {
    const savepoint = await save();
    await shop.world.write(
      'migrations/1.sql',
      '-- savepoint: no-transaction\ncreate index concurrently products_price on products (price);',
    );
    const blocker = shop.server.sql(
      `begin; update products set price = price where id = 1; select pg_sleep(3); commit`,
      shop.world.database,
    );
    await until('the blocker', sleeping('pg_sleep(3)'));
    const lost = shop.world.call({ key: 'migrate', spec: byDirectory });
    await postgres.apply(lost, 'migrate', 'v2');
    await until('the index', sleeping('index concurrently'));
    const other = await anotherWorker();
    const failure = await failureOf(
      attempt(shop.world.call({ key: 'migrate', spec: byDirectory }), (call) => other.apply(call, 'migrate', 'v2')),
    );
    await blocker;
    expect(failure.kind).toBe('failed');
    expect(failure.details?.evidence).toContain('public.products_price INVALID');
    expect((await compare(savepoint))?.detail).toContain('public.products_price INVALID');
  });

  test('is refused when a newer attempt was seen, and an aborted one ends its statement', async () => {
    await shop.world.write('migrations/1.sql', 'select pg_sleep(60) /* mark-three */');
    const controller = new AbortController();
    const call = shop.world.call({ key: 'migrate', spec: byDirectory, signal: controller.signal });
    await postgres.apply(call, 'migrate', 'v2');
    await until('the statement', sleeping('mark-three'));
    controller.abort(new Error('told to stop'));
    expect((await failureOf(settle(() => postgres.apply(call, 'migrate', 'v2')))).message).toBe('told to stop');
    expect(await shop.server.sql(sleeping('mark-three'))).toEqual([{ ok: false }]);
    const old = shop.world.call({ key: 'other', spec: byDirectory, fence: 5 });
    expect((await failureOf(settle(() => postgres.apply(old, 'migrate', 'v2')))).kind).toBe('stale-fence');
  });

  test('that takes longer than its timeout is ended on the server', async () => {
    await shop.world.write('migrations/1.sql', 'select pg_sleep(60) /* mark-four */');
    const failure = await failureOf(migrate({ spec: { migrate: { directory: './migrations', timeout: '700ms' } } }));
    expect(failure.kind).toBe('timed-out');
    expect(await shop.server.sql(sleeping('mark-four'))).toEqual([{ ok: false }]);
  });
});

describe('a command', () => {
  const byCommand = (...words: string[]) => ({ migrate: { command: words, files: ['./tool.mjs'] } });
  const tool = `
    import pg from '${join(process.cwd(), 'node_modules/pg/lib/index.js')}';
    import { appendFileSync } from 'node:fs';
    const [, , sql, seconds] = process.argv;
    appendFileSync('ran.log', process.pid + ' ' + process.env.SAVEPOINT_VERSION + '\\n');
    console.log('connecting to ' + process.env.DATABASE_URL);
    const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
    client.on('error', () => console.log('the session ended, the tool goes on'));
    await client.connect();
    await client.query(sql);
    await new Promise((resolve) => setTimeout(resolve, Number(seconds ?? 0) * 1000));
    await client.end();
  `;

  test('reaches the database through its environment', async () => {
    await shop.world.write('tool.mjs', tool);
    const result = await migrate({ spec: byCommand('node', 'tool.mjs', 'alter table products add column b int') });
    expect(JSON.stringify(result)).toContain('connecting to');
    expect(await columns()).toContain('b');
    expect(await readFile(join(shop.world.home, 'ran.log'), 'utf8')).toMatch(/^\d+ v2\n$/);
  });

  test('whose worker was lost is ended with its session, and judged by the database', async () => {
    const savepoint = await save();
    await shop.world.write('tool.mjs', tool);
    const spec = byCommand('node', 'tool.mjs', 'alter table products add column b int', '60');
    await postgres.apply(shop.world.call({ key: 'migrate', spec }), 'migrate', 'v2');
    await until(
      'the tool',
      `select exists (select from pg_stat_activity where datname = '${shop.world.database}' and query like 'alter table%' and state = 'idle') as ok`,
    );
    const pid = Number((await readFile(join(shop.world.home, 'ran.log'), 'utf8')).split(' ')[0]);
    const other = await anotherWorker();
    const failure = await failureOf(
      attempt(shop.world.call({ key: 'migrate', spec }), (call) => other.apply(call, 'migrate', 'v2')),
    );
    expect(failure.kind).toBe('failed');
    expect(failure.message).toContain('an earlier attempt was interrupted at the command of migrate');
    expect(() => process.kill(pid, 0)).toThrow();
    expect((await readFile(join(shop.world.home, 'ran.log'), 'utf8')).split('\n')).toHaveLength(2);
    expect((await compare(savepoint))?.state).toBe('differs');
  });

  test('that fails names its exit code and the end of its output', async () => {
    const failure = await failureOf(
      migrate({ spec: { migrate: { command: ['sh', '-c', 'echo started; echo "no such table" >&2; exit 3'] } } }),
    );
    expect(failure.message).toBe('sh -c echo started; echo "no such table" >&2; exit 3 ended with 3');
    expect(failure.details?.evidence).toContain('no such table');
  });
});
