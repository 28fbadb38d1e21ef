/** Adds the order unless its key is known; answers the new id or null. */
export async function insertOrder(client, form, { customer, totalCents }) {
  const { rows } = await client.query(
    `INSERT INTO orders (idempotency_key, customer_id, channel, total_cents, note, warehouse)
     VALUES ($1, $2, $3, $4, $5, 'main') ON CONFLICT (idempotency_key) DO NOTHING RETURNING id`,
    [form.key, customer, form.channel, totalCents, form.note],
  );
  return rows[0]?.id ?? null;
}

/** `{id, key, totalCents, note}` or null. */
export async function readOrder(client, column, value) {
  const { rows } = await client.query(
    `SELECT id, idempotency_key AS key, total_cents AS "totalCents", note FROM orders WHERE ${column} = $1`,
    [value],
  );
  return rows[0] ?? null;
}
