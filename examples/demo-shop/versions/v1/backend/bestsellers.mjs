import { query } from './database.mjs';

/** What sold best: `[{id, name, sold}]`. */
export async function bestsellers() {
  const { rows } = await query(
    `SELECT p.id, p.name, sum(l.quantity)::int AS sold FROM order_lines l JOIN products p ON p.id = l.product_id
     GROUP BY p.id ORDER BY sold DESC, p.id LIMIT 10`,
  );
  return rows;
}
