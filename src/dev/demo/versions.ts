import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument, visit } from 'yaml';

/** The demo shop's repository. */
export const shopDirectory = fileURLToPath(new URL('../../../examples/demo-shop/', import.meta.url));

/** Addresses that the plan's fixed ones become, so that the demo never collides with what runs already. */
export type Addresses = { origin: string; backendPorts: [number, number] };

const writtenOrigin = 'http://127.0.0.1:8080';

/** The directories under `versions/` that make up a version, the later ones on top of the earlier ones. */
export function layers(version: string): string[] {
  return [...new Set(['v1', 'v2', version])].slice(0, version === 'v1' ? 1 : undefined);
}

/** Lays a version's directories over each other into `<home>/versions/<version>`. */
export async function buildVersion(version: string, home: string): Promise<string> {
  const into = join(home, 'versions', version);
  for (const layer of layers(version)) {
    await cp(join(shopDirectory, 'versions', layer), into, {
      recursive: true,
      filter: (path) => !path.endsWith('release.yaml'),
    });
  }
  return into;
}

/** Writes the version's plan, what differs laid over the common one, and answers the path of the file. */
export async function writePlan(version: string, home: string, addresses: Addresses): Promise<string> {
  const document = parseDocument(await readFile(join(shopDirectory, 'release.yaml'), 'utf8'));
  const own = await readFile(join(shopDirectory, 'versions', version, 'release.yaml'), 'utf8').catch(() => '{}');
  for (const { path, value } of leaves(parseDocument(own).toJS(), [])) document.setIn(path, value);
  document.setIn(['targets', 'backend', 'ports'], addresses.backendPorts);
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string') node.value = node.value.replaceAll(writtenOrigin, addresses.origin);
    },
  });
  const file = join(home, `release-${version}.yaml`);
  await writeFile(file, document.toString());
  return file;
}

/** Puts every version of the shop with its plan into `home`; answers version → plan file. */
export async function buildShop(home: string, addresses: Addresses): Promise<Map<string, string>> {
  await mkdir(join(home, 'run', 'front'), { recursive: true });
  await symlink(await findModules(), join(home, 'node_modules'));
  const plans = new Map<string, string>();
  for (const version of (await readdir(join(shopDirectory, 'versions'))).sort()) {
    await buildVersion(version, home);
    plans.set(version, await writePlan(version, home, addresses));
  }
  return plans;
}

/** The shop uses `pg` as Savepoint does, so it takes it from the same place. */
async function findModules(): Promise<string> {
  const found = fileURLToPath(import.meta.resolve('pg'));
  return found.slice(0, found.lastIndexOf('node_modules') + 'node_modules'.length);
}

function* leaves(value: unknown, path: string[]): Generator<{ path: string[]; value: unknown }> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    yield { path, value };
    return;
  }
  for (const [key, inner] of Object.entries(value)) yield* leaves(inner, [...path, key]);
}
