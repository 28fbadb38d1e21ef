import { fileURLToPath } from 'node:url';
import { ensurePythonProgram, findPythonProgram, findVenvPython } from '../python.ts';
import { isMissing, type Tool } from '../tools.ts';

const moto = { name: 'moto', requirements: fileURLToPath(new URL('requirements.txt', import.meta.url)) };

/** Python of the virtual environment that `ensureMoto` left in the cache: the server of the AWS tests. */
export function findMoto(): Tool {
  return findPythonProgram(moto);
}

/** Python that can make virtual environments, where moto still has to be installed. */
export async function findPython(): Promise<Tool> {
  const found = findMoto();
  return isMissing(found) ? await findVenvPython() : found;
}

/** Finds moto or installs it from PyPI, in exact versions, into the cache. */
export async function ensureMoto(): Promise<Tool> {
  return await ensurePythonProgram(moto);
}
