import { rememberCustomer } from './customers.mjs';
import { query, transaction } from './database.mjs';
import { Refused } from './order-form.mjs';
import { insertOrder, readOrder } from './order-rows.mjs';
import { total } from './pricing.mjs';

/**
 * Stores an order once, however often it is sent: the second time answers what the first one stored.
 * @returns `{created, order: {id, key, totalCents}}`
 */
export function placeOrder(form) {
  return transaction(async (client) => {
    const lines = await priced(client, form.lines);
    const customer = await rememberCustomer(client, form.customer);
    const id = await insertOrder(client, form, { customer, totalCents: total(lines) });
    if (id !== null) await addLines(client, id, lines);
    return { created: id !== null, order: await readOrder(client, 'idempotency_key', form.key) };
  });
}

/** The total of an order that is not placed, in cents. */
export function quote(form) {
  return transaction(async (client) => total(await priced(client, form.lines)));
}

/** The order with its `lines: [{product, quantity, priceCents}]`, or null. */
export async function findOrder(id) {
  const order = await readOrder({ query }, 'id', id);
  if (order === null) return null;
  const { rows } = await query(
    `SELECT product_id AS product, quantity, price_cents AS "priceCents" FROM order_lines WHERE order_id = $1
     ORDER BY position`,
    [id],
  );
  return { ...order, lines: rows };
}

async function priced(client, lines) {
  const { rows } = await client.query('SELECT id, price_cents FROM products WHERE id = ANY($1)', [
    lines.map((line) => line.product),
  ]);
  const prices = new Map(rows.map((row) => [row.id, row.price_cents]));
  return lines.map((line) => {
    if (!prices.has(line.product)) throw new Refused(`there is no product ${line.product}`);
    return { ...line, priceCents: prices.get(line.product) };
  });
}

async function addLines(client, order, lines) {
  await client.query(
    `INSERT INTO order_lines (order_id, position, product_id, quantity, price_cents)
     SELECT $1, position, product, quantity, price
     FROM unnest($2::int[], $3::int[], $4::int[]) WITH ORDINALITY AS line (product, quantity, price, position)`,
    [
      order,
      lines.map((line) => line.product),
      lines.map((line) => line.quantity),
      lines.map((line) => line.priceCents),
    ],
  );
}
