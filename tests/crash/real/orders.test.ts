import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLedger } from '../../support/ledger.ts';
import { type Postgres, startPostgres } from '../../support/postgres.ts';
import { judgeOrders } from './orders.ts';

const folder = mkdtempSync(join(tmpdir(), 'savepoint-orders-'));
let postgres: Postgres;

beforeAll(async () => {
  postgres = await startPostgres();
  await postgres.sql('create table items (name text)');
});

afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('names orders that are lost, doubled or made up, and allows one whose answer never came', async () => {
  const ledger = openLedger(join(folder, 'ledger.jsonl'));
  for (const name of ['order-1', 'order-2', 'order-3', 'order-4']) ledger.note('shopper', 'sent', name);
  for (const name of ['order-1', 'order-2']) ledger.note('shopper', 'confirmed', name);
  const inserted = (names: string[]): Promise<unknown> =>
    postgres.sql(`truncate items; insert into items values ${names.map((name) => `('${name}')`).join(', ')}`);
  const judged = (): Promise<string[]> => judgeOrders({ ledger }, postgres.url('postgres'));
  await inserted(['order-1', 'order-3', 'order-3', 'order-9']);
  expect(await judged()).toEqual([
    'lost 1 confirmed orders: order-2',
    'twice in the database: order-3',
    'nobody sent order-9',
  ]);
  await inserted(['order-1', 'order-2', 'order-3', 'first']);
  expect(await judged()).toEqual([]);
});
