import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../src/dev/cache.ts';
import { onPath, shortly } from '../../src/dev/temporal-cli.ts';
import { isMissing, type Tool } from './tools.ts';

/** A program of PyPI for tests. `requirements`: path of the list of its exact versions. */
export type PythonProgram = { name: string; requirements: string };

/** A directory per list of versions: another list is another installation. */
function homeOf({ name, requirements }: PythonProgram): string {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  return join(cacheDirectory(), `${name}-${hash}`);
}

/** Python of the virtual environment that `ensurePythonProgram` left in the cache. */
export function findPythonProgram(program: PythonProgram): Tool {
  const home = homeOf(program);
  const path = join(home, 'bin', 'python');
  // Written last: an installation that was cut off is none.
  if (existsSync(join(home, '.complete')) && existsSync(path)) return { path };
  return { missing: `${program.name} is not installed; run node scripts/setup.mjs test` };
}

/** Python that can make virtual environments; Debian and Ubuntu have that part in a package of its own. */
export async function findVenvPython(): Promise<Tool> {
  const python = await onPath('python3');
  if (python === null) return { missing: 'there is no python3' };
  const asked = ['-c', 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))'];
  const complete = await promisify(execFile)(python, asked).then(
    () => true,
    () => false,
  );
  if (complete) return { path: python };
  return { missing: 'python3 is older than 3.10 or cannot make virtual environments (package python3-venv)' };
}

/** Finds it or installs it from PyPI, in exact versions, into the cache. */
export async function ensurePythonProgram(program: PythonProgram): Promise<Tool> {
  const found = findPythonProgram(program);
  if (!isMissing(found)) return found;
  const python = await findVenvPython();
  if (isMissing(python)) return { missing: `${program.name} needs Python: ${python.missing}` };
  const problem = await install(python.path, program).then(() => null, shortly);
  if (problem === null) return findPythonProgram(program);
  return { missing: `${program.name} cannot be installed from PyPI: ${problem}` };
}

/** Built beside and renamed; scripts in `bin` would still name the old place, but only `python` is used. */
async function install(python: string, program: PythonProgram): Promise<void> {
  const home = homeOf(program);
  const directory = `${home}-${process.pid}`;
  await mkdir(cacheDirectory(), { recursive: true });
  try {
    await run(python, ['-m', 'venv', directory]);
    const pip = '-m pip install --quiet --disable-pip-version-check --no-deps --requirement'.split(' ');
    await run(join(directory, 'bin', 'python'), [...pip, program.requirements]);
    await run(join(directory, 'bin', 'python'), ['-c', `open(${JSON.stringify(join(directory, '.complete'))}, 'w')`]);
    await rm(home, { recursive: true, force: true });
    await rename(directory, home);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`python ended with ${code}`))));
  });
}
