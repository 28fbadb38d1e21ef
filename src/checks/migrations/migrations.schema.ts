import { z } from 'zod';
import { duration, path, text } from '../../plan/words.schema.ts';

const tools = ['drizzle', 'prisma', 'alembic', 'knex', 'typeorm', 'sequelize', 'sql'] as const;
export type ToolName = (typeof tools)[number];

/** What a migration tool wrote down in a PostgreSQL database, compared with the migrations of the project. */
export const migrationsSchema = z.strictObject({
  tool: z
    .enum(tools, { error: `must be ${tools.slice(0, -1).join(', ')} or ${tools.at(-1)}` })
    .describe('Tool that applies the migrations; `sql` for the SQL files that a `postgres` target applies'),
  url: text.describe('Connection address of the database; give it as a reference'),
  directory: path
    .optional()
    .describe(
      'Directory of the migrations. Default as the tool has it: drizzle, prisma/migrations, alembic/versions, migrations',
    ),
  schema: text.optional().describe('Schema of the table in which the tool writes down what it applied'),
  table: text
    .refine((written) => !written.includes('.'), { error: 'must be the table alone; its schema goes into schema' })
    .optional()
    .describe('That table, where it has another name than the tool gives it'),
  pending: z
    .enum(['fail', 'allowed'], { error: 'must be fail or allowed' })
    .default('fail')
    .describe(
      'A migration that is not applied yet: `fail`, or `allowed` before the release that applies it. Default fail',
    ),
  also: text
    .optional()
    .describe(
      'Connection address of another database, such as staging: it must have every migration that is pending here',
    ),
  expect: z
    .strictObject({ head: text.describe('Newest applied migration, or its number, such as 0007') })
    .optional()
    .describe('What must hold besides'),
  timeout: duration.default(10_000).describe('Patience for connecting and for the answer, default 10s each'),
});

export type MigrationsSpec = z.output<typeof migrationsSchema>;
