// The 25 questions and one administrator. What is there already stays as it is.
import { scryptSync } from 'node:crypto';
import pg from 'pg';

const topics = ['cash flow', 'debts', 'savings', 'insurance', 'taxes'];
const wordings = [
  'Do you know your',
  'How well planned are your',
  'Who looks after your',
  'How often do you review your',
  'How safe are your',
];
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
try {
  await client.query('BEGIN');
  const all = wordings.flatMap((wording) => topics.map((topic) => `${wording} ${topic}?`));
  for (const [index, wording] of all.entries()) {
    await client.query('INSERT INTO questions VALUES ($1, $2) ON CONFLICT DO NOTHING', [index + 1, wording]);
  }
  const password = scryptSync(process.env.ADMIN_PASSWORD ?? '', 'financial-rise', 32).toString('hex');
  await client.query(
    `INSERT INTO users (email, password, role, verified) VALUES ('admin@example.com', $1, 'admin', true) ON CONFLICT DO NOTHING`,
    [password],
  );
  await client.query('COMMIT');
} finally {
  await client.end();
}
