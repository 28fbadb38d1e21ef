/** Applies the migrations of examples/sms-blossom and writes down what was done, as `prisma migrate deploy` does. */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export const prismaFolder = fileURLToPath(new URL('../../../../examples/sms-blossom/prisma/', import.meta.url));

/** The columns of Prisma's own table. */
const record = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL,
  logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

/** Answers the names of those that were applied now. */
export async function migrate(url: string, folder = prismaFolder): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(record);
    const { rows } = await client.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    );
    const entries = await readdir(join(folder, 'migrations'), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const missing = names.sort().filter((name) => !rows.some((row) => row.name === name));
    for (const name of missing) await apply(client, join(folder, 'migrations', name, 'migration.sql'), name);
    return missing;
  } finally {
    await client.end();
  }
}

async function apply(client: pg.Client, file: string, name: string): Promise<void> {
  const sql = await readFile(file, 'utf8');
  const checksum = createHash('sha256').update(sql).digest('hex');
  const id = randomUUID();
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [
    id,
    checksum,
    name,
  ]);
  await client.query(sql);
  await client.query('UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1', [id]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const applied = await migrate(process.env.DATABASE_URL ?? '', process.argv[2]);
  process.stdout.write(`applied ${applied.join(', ') || 'nothing'}\n`);
}
