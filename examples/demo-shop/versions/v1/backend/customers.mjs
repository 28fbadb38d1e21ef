/** Finds the customer by e-mail address or adds them; answers their id. */
export async function rememberCustomer(client, { email, name }) {
  const { rows } = await client.query(
    `INSERT INTO customers (email, name) VALUES ($1, $2)
     ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name RETURNING id`,
    [email, name],
  );
  return rows[0].id;
}
