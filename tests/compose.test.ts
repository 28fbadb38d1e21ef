import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startGuarded } from '../src/dev/guarded.ts';
import { freePort } from '../src/dev/ports.ts';
import { ensureTemporalCli } from '../src/dev/temporal-cli.ts';
import { searchAttributes } from '../src/release/search-attributes.ts';
import { findStandaloneCompose } from './support/compose-tool.ts';
import { findCompose, isMissing } from './support/tools.ts';

const project = join(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(project, name), 'utf8');

type Service = {
  image: string;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  build?: unknown;
};
type Compose = { services: Record<string, Service>; volumes: Record<string, unknown> };

const compose = parse(read('docker-compose.yml')) as Compose;
const versions = new Map(
  read('.env')
    .split('\n')
    .filter((line) => /^[A-Z_]+=/.test(line))
    .map((line) => line.split('=') as [string, string]),
);
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it.each(services)('pins the version of %s in .env and uses no deprecated image', (_, service) => {
    const variable = /^[a-z/-]+:\$\{([A-Z_]+):\?see \.env\}$/.exec(service.image)?.[1] ?? '';
    expect(versions.get(variable)).toMatch(/^\d+\.\d+/);
    expect(service.image).not.toMatch(/auto-setup|latest/);
  });

  it('sets up the schema before the server, and the namespace before UI and worker', () => {
    const waits = Object.fromEntries(
      services.map(([name, { depends_on: on = {} }]) => [
        name,
        Object.entries(on).map(([other, { condition }]) => `${other} ${condition}`),
      ]),
    );
    expect(waits).toEqual({
      postgresql: [],
      schema: ['postgresql service_healthy'],
      temporal: ['schema service_completed_successfully'],
      namespace: ['temporal service_healthy'],
      ui: ['namespace service_completed_successfully'],
      worker: ['namespace service_completed_successfully'],
    });
    for (const name of ['postgresql', 'temporal']) expect(compose.services[name]?.healthcheck?.test[0]).toBe('CMD');
  });

  it('keeps its data in named volumes', () => {
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const named = mounted.filter((source) => /^[a-z]/.test(source)).sort();
    expect(named).toEqual(Object.keys(compose.volumes).sort());
    expect(compose.services.postgresql?.volumes).toEqual(['temporal-database:/var/lib/postgresql/data']);
  });

  it('opens ports to this machine only, and the database to nobody', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports).toHaveLength(2);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(compose.services.postgresql?.ports).toBeUndefined();
  });
});

describe('the set-up of the namespace', () => {
  it('registers the search attributes that releases use, and may run again', async () => {
    const { path } = await ensureTemporalCli(() => {});
    const port = await freePort();
    const words = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)];
    const server = startGuarded(path, words);
    const env = { ...process.env, TEMPORAL_ADDRESS: `127.0.0.1:${port}`, PATH: `${dirname(path)}:${process.env.PATH}` };
    const temporal = (...args: string[]): string => execFileSync(path, args, { env, encoding: 'utf8' });
    try {
      for (let tries = 0; tries < 50; tries++) {
        try {
          temporal('operator', 'namespace', 'describe', '--namespace', 'default');
          break;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
      for (const _ of ['first', 'again']) {
        execFileSync('sh', [join(project, 'scripts/compose/setup-namespace.sh')], { env, stdio: 'pipe' });
      }
      const listed = temporal('operator', 'search-attribute', 'list', '--namespace', 'default');
      for (const { name } of searchAttributes) expect(listed).toMatch(new RegExp(`${name}\\s+Keyword`));
    } finally {
      await server.stop(0);
    }
  });
});

describe('the image of the worker', () => {
  const file = read('Dockerfile');

  it('is built from a pinned Node, does not run as root, and says whether it is healthy', () => {
    const from = [...file.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(from)).toEqual(new Set([`node:\${NODE_VERSION}-bookworm-slim`]));
    expect(versions.get('NODE_VERSION')).toBe(/ARG NODE_VERSION=(\S+)/.exec(file)?.[1]);
    expect(file.lastIndexOf('\nUSER node')).toBeLessThan(file.indexOf('\nENTRYPOINT'));
    expect(file).toMatch(/^HEALTHCHECK /m);
  });

  it('gets only what it is built from', () => {
    const allowed = read('.dockerignore').trim().split('\n');
    expect(allowed[0]).toBe('**');
    const copied = [...file.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
    for (const source of copied) expect(allowed).toContain(`!${source}`);
  });
});

const plugin = await findCompose();
const docker = isMissing(plugin) ? await findStandaloneCompose() : plugin;
const reason = isMissing(docker) ? ` (${docker.missing})` : '';

describe.skipIf(isMissing(docker))(`docker compose config${reason}`, () => {
  it('accepts the file', () => {
    if (isMissing(docker)) return;
    const config = execFileSync(
      docker.path,
      [...(isMissing(plugin) ? [] : ['compose']), 'config', '--format', 'json'],
      {
        cwd: project,
        encoding: 'utf8',
      },
    );
    const resolved = JSON.parse(config) as Compose;
    expect(resolved.services.temporal?.image).toBe(`temporalio/server:${versions.get('TEMPORAL_VERSION')}`);
  });
});
