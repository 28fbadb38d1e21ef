import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const workflowsPath = join(root, 'src', 'workflows', 'index.ts');
const folder = join(root, '.savepoint', 'workflow-bundles');
const keptMs = 24 * 3_600_000;

/** Changes with every byte of the source and with every version of a library. */
async function stateOfSource(): Promise<string> {
  const names = await readdir(join(root, 'src'), { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts')).map((name) => join('src', name));
  const hash = createHash('sha256');
  for (const file of [...files.sort(), 'package-lock.json']) {
    hash.update(`${file}\0`).update(await readFile(join(root, file)));
  }
  return hash.digest('hex').slice(0, 32);
}

async function bundleInto(file: string): Promise<void> {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const logger = new DefaultLogger('ERROR');
  // As the worker does where it bundles on the fly.
  const { code } = await bundleWorkflowCode({ workflowsPath, preloadModules: [workflowsPath], logger });
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, file);
}

/** A long run of an older state may still start workers with its bundle. */
async function forgetOld(): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > keptMs) await rm(file, { force: true });
  }
}

let made: Promise<string> | undefined;

/**
 * File with the bundled workflows of the source as it is now. Webpack takes seconds, so it runs once for each state.
 * Mutation tests give the file of a changed one.
 */
export function workflowBundle(): Promise<string> {
  const given = process.env.SAVEPOINT_WORKFLOW_BUNDLE;
  if (given !== undefined) return Promise.resolve(given);
  made ??= make();
  return made;
}

async function make(): Promise<string> {
  const file = join(folder, `${await stateOfSource()}.js`);
  if (existsSync(file)) return file;
  await bundleInto(file);
  await forgetOld();
  return file;
}
