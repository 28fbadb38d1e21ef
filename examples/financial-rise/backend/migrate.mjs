// Runs what is not in the table `migrations` yet, each file in a transaction of its own. Running it again does nothing.
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

const folder = new URL('./migrations/', import.meta.url);
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
try {
  await client.query(
    'CREATE TABLE IF NOT EXISTS migrations (id serial PRIMARY KEY, "timestamp" bigint NOT NULL, name text NOT NULL UNIQUE)',
  );
  const { rows } = await client.query('SELECT name FROM migrations');
  const done = new Set(rows.map(({ name }) => name));
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql') && !done.has(file)).sort();
  for (const file of files) {
    await client.query('BEGIN');
    await client.query(await readFile(new URL(file, folder), 'utf8'));
    await client.query('INSERT INTO migrations ("timestamp", name) VALUES ($1, $2)', [file.split('-')[0], file]);
    await client.query('COMMIT');
    console.log(`migrated ${file}`);
  }
} finally {
  await client.end();
}
