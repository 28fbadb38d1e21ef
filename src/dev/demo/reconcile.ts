import pg from 'pg';
import { type Acknowledged, readLedger } from './orders.ts';

/** `missing`: acknowledged and not in the database. `wrong`: there with another number or total. `doubled`: stored twice. */
export type Reconciliation = {
  acknowledged: number;
  missing: Acknowledged[];
  wrong: { acknowledged: Acknowledged; stored: { id: number; totalCents: number } }[];
  doubled: string[];
};

type Row = { id: number; key: string; totalCents: number };

/** Asks the database by SQL for every order of the ledger. */
export async function reconcile(databaseUrl: string, ledger: string): Promise<Reconciliation> {
  const acknowledged = await readLedger(ledger);
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'shop-auditor' });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(
      'SELECT id, idempotency_key AS key, total_cents AS "totalCents" FROM orders WHERE idempotency_key = ANY($1)',
      [acknowledged.map((order) => order.key)],
    );
    return compare(acknowledged, rows);
  } finally {
    await client.end();
  }
}

function compare(acknowledged: Acknowledged[], rows: Row[]): Reconciliation {
  const stored = new Map<string, Row>();
  const doubled: string[] = [];
  for (const row of rows) {
    if (stored.has(row.key)) doubled.push(row.key);
    stored.set(row.key, row);
  }
  const found: Reconciliation = { acknowledged: acknowledged.length, missing: [], wrong: [], doubled };
  for (const order of acknowledged) {
    const row = stored.get(order.key);
    if (row === undefined) found.missing.push(order);
    else if (row.id !== order.id || row.totalCents !== order.totalCents) {
      found.wrong.push({ acknowledged: order, stored: { id: row.id, totalCents: row.totalCents } });
    }
  }
  return found;
}
