import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { sqlSchema } from '../../src/checks/sql/sql.schema.ts';
import { sql } from '../../src/checks/sql/sql.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { asking } from './asking.ts';

type Written = Omit<z.input<typeof sqlSchema>, 'url'>;

describe('sql', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
    await server.sql('CREATE TABLE products (id int PRIMARY KEY, name text, price numeric)');
    await server.sql("INSERT INTO products SELECT n, 'product ' || n, n * 1.5 FROM generate_series(1, 42) n");
    await server.sql("CREATE ROLE stranger LOGIN PASSWORD 'let-me-in'");
  }, 60_000);
  afterAll(() => server?.stop());
  const ask = (written: Written, url = server.url()) => sql.ask(asking(sqlSchema.parse({ url, ...written })));
  const count = 'SELECT count(*) FROM products';

  test.each<[string, Written, string]>([
    ['another value', { query: count, expect: { value: 43 } }, 'value is "42", expected 43'],
    ['too little', { query: count, expect: { min: 43 } }, 'value is 42, expected at least 43'],
    ['too much', { query: 'SELECT max(price) FROM products', expect: { max: 10 } }, 'value is 63, expected at most 10'],
    ['no number', { query: "SELECT 'many'", expect: { min: 1 } }, 'value is "many", expected a number'],
    [
      'another number of rows',
      { query: 'SELECT id FROM products', expect: { rows: 41 } },
      'number of rows is 42, expected 41',
    ],
    [
      'too few rows',
      { query: 'SELECT id FROM products', expect: { rows: { min: 50 } } },
      'number of rows is 42, expected at least 50',
    ],
    [
      'rows where none should be',
      { query: 'SELECT id FROM products', expect: { empty: true } },
      '42 rows, expected none',
    ],
    [
      'no rows',
      { query: 'SELECT id FROM products WHERE false', expect: { empty: false } },
      'no rows, expected at least one',
    ],
    [
      'no value',
      { query: 'SELECT id FROM products WHERE false', expect: { value: 1 } },
      'the query gave no value to compare',
    ],
    ['a missing table', { query: 'SELECT * FROM orders', expect: { empty: true } }, 'relation "orders" does not exist'],
    [
      'a missing column',
      { query: 'SELECT colour FROM products', expect: { empty: true } },
      'column "colour" does not exist',
    ],
    ['an exception', { query: 'SELECT 1 / (id - 1) FROM products', expect: { rows: 42 } }, 'division by zero'],
  ])('%s is a FAIL', async (_name, written, summary) => {
    const answer = await ask(written);
    expect(answer).toMatchObject({ status: 'FAIL', remedy: expect.any(String) });
    expect(answer.summary).toContain(summary);
    expect(answer.evidence.length).toBeLessThanOrEqual(700);
  });

  test('what agrees is a PASS', async () => {
    expect(await ask({ query: count, expect: { value: 42, min: 1, max: 42, rows: 1, empty: false } })).toEqual({
      status: 'PASS',
      summary: 'the query answered "42" as expected',
      evidence: `${count}\n1 rows\n["42"]`,
    });
    expect(await ask({ query: 'SELECT true', expect: { value: true } })).toMatchObject({ status: 'PASS' });
    expect(await ask({ query: 'SELECT NULL', expect: { value: null } })).toMatchObject({ status: 'PASS' });
  });

  test('what only should hold is a WARN', async () => {
    const answer = await ask({ query: count, expect: { min: 1 }, warn: { min: 100 } });
    expect(answer).toMatchObject({ status: 'WARN', summary: 'value is 42, expected at least 100' });
  });

  test.each<[string, Written]>([
    ['writes', { query: "INSERT INTO products VALUES (99, 'x', 1) RETURNING id", expect: { value: 99 } }],
    ['writes after leaving its transaction', { query: 'COMMIT; DELETE FROM products', expect: { empty: true } }],
    ['is not valid', { query: 'SELEC 1', expect: { value: 1 } }],
    ['takes too long', { query: 'SELECT pg_sleep(5)', timeout: '100ms', expect: { rows: 1 } }],
  ])('a query that %s is PENDING and changes nothing', async (_name, written) => {
    expect(await ask(written)).toMatchObject({ status: 'PENDING', remedy: expect.any(String) });
    expect(await server.sql(count)).toEqual([{ count: '42' }]);
  });

  test('a database that could not be asked is PENDING, and no password is shown', async () => {
    const stranger = (password: string) => server.url('postgres', { user: 'stranger', password });
    const urls = [
      stranger('wrong-password'),
      stranger('let-me-in'),
      server.url('nowhere'),
      'postgres://joe:hidden-password@127.0.0.1:1/x',
      'postgres://joe:hidden-password@no-such-host.invalid/x',
      'postgres://joe:hidden-password@[bad/x',
    ];
    for (const url of urls) {
      const answer = await ask({ query: count, expect: { value: 42 } }, url);
      expect(answer, answer.summary).toMatchObject({ status: 'PENDING', remedy: expect.any(String) });
      expect(JSON.stringify(answer)).not.toMatch(/wrong-password|let-me-in|hidden-password/);
    }
  });

  test('a check that was given up throws the reason', async () => {
    const controller = new AbortController();
    const spec = sqlSchema.parse({ url: server.url(), query: 'SELECT pg_sleep(5)', expect: { rows: 1 } });
    const waiting = sql.ask(asking(spec, { signal: controller.signal }));
    setTimeout(() => controller.abort(new Error('given up')), 100);
    await expect(waiting).rejects.toThrow('given up');
  });
});
