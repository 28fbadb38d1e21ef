/** Finds the customer by e-mail address or adds them; answers their id. */
export async function rememberCustomer(client, { email, name }) {
  const [first, ...rest] = name.split(' ');
  const { rows } = await client.query(
    `INSERT INTO customers (email, first_name, last_name) VALUES ($1, $2, $3)
     ON CONFLICT (email) DO UPDATE SET first_name = EXCLUDED.first_name, last_name = EXCLUDED.last_name RETURNING id`,
    [email, first, rest.join(' ')],
  );
  return rows[0].id;
}
