import { query } from './database.mjs';

/**
 * The first page of the catalogue with what each product sold: `[{id, name, category, priceCents, sold}]`.
 * The flaw: right and far too slow. The sleep stands for the size of a real shop's tables.
 */
export async function products() {
  const { rows } = await query(
    `SELECT p.id, p.name, p.category, p.price_cents AS "priceCents",
       (SELECT coalesce(sum(quantity), 0)::int FROM order_lines l WHERE l.product_id = p.id) AS sold
     FROM products p, (SELECT pg_sleep(0.8)) AS size ORDER BY category, name LIMIT 60`,
  );
  return rows;
}
