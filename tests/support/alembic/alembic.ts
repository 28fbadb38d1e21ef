import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensurePythonProgram, findPythonProgram } from '../python.ts';
import { isMissing, type Tool } from '../tools.ts';

const alembic = { name: 'alembic', requirements: fileURLToPath(new URL('requirements.txt', import.meta.url)) };

export function findAlembic(): Tool {
  return findPythonProgram(alembic);
}

/** Finds alembic or installs it from PyPI, in exact versions, into the cache. */
export async function ensureAlembic(): Promise<Tool> {
  return await ensurePythonProgram(alembic);
}

/** A function of `alembic.command`, and its arguments after the configuration. */
export type AlembicCommand = [name: string, ...rest: (string | boolean)[]];

const program = `
import json, sys
from alembic import command
from alembic.config import Config
home, url, commands = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
config = Config(home + "/alembic.ini")
config.set_main_option("script_location", home + "/alembic")
config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
for name, *rest in commands:
    getattr(command, name)(config, *rest)
`;

/**
 * Runs real commands of alembic in the directory `home`, such as `['upgrade', 'head']`, in one process.
 * @throws Error when there is none; ask `findAlembic` first and skip with its reason
 */
export async function runAlembic(home: string, url: string, commands: readonly AlembicCommand[]): Promise<void> {
  const found = findAlembic();
  if (isMissing(found)) throw new Error(found.missing);
  const address = url.replace(/^postgres(ql)?:/, 'postgresql+pg8000:');
  const words = ['-c', program, home, address, JSON.stringify(commands)];
  await promisify(execFile)(found.path, words, { cwd: home, timeout: 60_000 });
}
