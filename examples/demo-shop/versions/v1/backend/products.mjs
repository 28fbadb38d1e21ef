import { query } from './database.mjs';

/** The first page of the catalogue: `[{id, name, category, priceCents}]`. */
export async function products() {
  const { rows } = await query(
    `SELECT id, name, category, price_cents AS "priceCents" FROM products ORDER BY category, name LIMIT 60`,
  );
  return rows;
}
