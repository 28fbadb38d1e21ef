import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const src = join(import.meta.dirname, '../../src');

/** One request of the SDK that a file of the source imports, such as `DescribeServices` of `client-ecs`. */
export type RequestInSource = { file: string; client: string; command: string };

const imports =
  /(?:import\s*\{([^}]*)\}\s*from\s*|\{([^}]*)\}\s*=\s*await\s+import\()\s*'@aws-sdk\/(client-[a-z0-9-]+)'/g;

/** Every command that any file imports, statically or when it is used. */
export function requestsInSource(): RequestInSource[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.sort().flatMap((file) => {
    const source = readFileSync(join(src, file), 'utf8');
    return [...source.matchAll(imports)].flatMap(([, named, lazily, client = '']) =>
      [...(named ?? lazily ?? '').matchAll(/\b([A-Z]\w*)Command\b/g)].map(([, command = '']) => ({
        file,
        client,
        command,
      })),
    );
  });
}
