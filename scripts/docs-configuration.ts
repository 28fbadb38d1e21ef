import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurationPage } from '../src/plan/configuration-page.ts';
import { releaseJsonSchema } from '../src/plan/json-schema.ts';

/**
 * Writes what is made from the plan's schemas: docs/configuration.md and schema/release.schema.json.
 * With `--check` it writes nothing and fails when one of them is stale.
 */
async function main(check: boolean): Promise<number> {
  const schema = releaseJsonSchema();
  const files = {
    'docs/configuration.md': configurationPage(schema),
    'schema/release.schema.json': `${JSON.stringify(schema, null, 2)}\n`,
  };
  let stale = 0;
  for (const [name, content] of Object.entries(files)) {
    const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
    if (check && (await contentOf(path)) !== content) {
      stale += 1;
      process.stderr.write(`${name} is stale; run \`npm run docs\`\n`);
    }
    if (check) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return stale === 0 ? 0 : 1;
}

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

process.exitCode = await main(process.argv.includes('--check'));
