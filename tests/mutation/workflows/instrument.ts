import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** `line`: in `file`; `written`: the whole line as it is; `instead`: what Stryker writes for a part of it. */
export type Mutant = { id: string; file: string; line: number; mutator: string; written: string; instead: string };

/** `withMutant(id)`: the bundle in which that mutant is switched on. */
export type Mutated = { mutants: Mutant[]; withMutant: (id: string) => string };

const placeholder = '@@mutant@@';

/** Stryker asks a global that a workflow has not: here each module carries the number, and counts no coverage. */
function forSandbox(code: string): string {
  const named = code.replace(/var ns = g\.__stryker__ \|\|[^;]+;/, `var ns = { activeMutant: '${placeholder}' };`);
  return named.replace(/function stryCov_9fa48\(\) \{/, '$& return;');
}

const quiet = new DefaultLogger('ERROR');
const logger = {
  ...{ isTraceEnabled: () => false, isDebugEnabled: () => false, isInfoEnabled: () => false },
  ...{ isWarnEnabled: () => true, isErrorEnabled: () => true, isFatalEnabled: () => true },
  ...{ trace: () => {}, debug: () => {}, info: () => {} },
  ...{ warn: console.warn, error: console.error, fatal: console.error },
};

/** All mutants of `src/workflows` in one bundle, written below `folder` with a copy of the source that it is made of. */
export async function mutateWorkflows(folder: string): Promise<Mutated> {
  await rm(folder, { recursive: true, force: true });
  await cp(join(root, 'src'), join(folder, 'src'), { recursive: true });
  const names = (await readdir(join(root, 'src/workflows'))).filter((name) => name.endsWith('.ts')).sort();
  const files = await Promise.all(
    names.map(async (name) => ({
      name: `src/workflows/${name}`,
      content: await readFile(join(root, 'src/workflows', name), 'utf8'),
      mutate: true,
    })),
  );
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const { files: changed, mutants } = await new Instrumenter(logger).instrument(files, options);
  for (const { name, content } of changed) await writeFile(join(folder, name), forSandbox(content));
  const workflowsPath = join(folder, 'src/workflows/index.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, preloadModules: [workflowsPath], logger: quiet });
  if (!code.includes(placeholder)) throw new Error('no mutant can be switched on: Stryker writes another header now');
  const lines = new Map(files.map(({ name, content }) => [name, content.split('\n')]));
  return {
    mutants: mutants.map(({ id, fileName, location, mutatorName, replacement }) => ({
      ...{ id, file: fileName, mutator: mutatorName, instead: replacement ?? '' },
      // Stryker counts lines from 0 here.
      line: location.start.line + 1,
      written: lines.get(fileName)?.[location.start.line]?.trim() ?? '',
    })),
    withMutant: (id) => code.replaceAll(placeholder, id),
  };
}
