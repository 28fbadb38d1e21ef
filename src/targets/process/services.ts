import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { endAll, type Found, findMarked, type Markers } from '../shell/processes.ts';

/** One start of one version, with all its processes. Everything is read from their environment. */
export type Service = {
  start: string;
  install: string;
  version: string;
  digest: string;
  port: number;
  key: string;
  release: string;
  verb: string;
  processes: Found[];
};

/** `staged`: started for a rehearsal; no user is led to it, and no other verb takes it for a service. */
export type Role = 'service' | 'staged';

function markersOf(root: string, role: Role): Markers {
  return { SAVEPOINT_ROOT: root, SAVEPOINT_ROLE: role };
}

/** Every service that was started under this root and lives, oldest first. */
export async function servicesOf(root: string, role: Role = 'service'): Promise<Service[]> {
  const services = new Map<string, Service>();
  for (const found of await findMarked(markersOf(root, role))) {
    const marker = (name: string) => found.markers[`SAVEPOINT_${name}`] ?? '';
    const start = marker('START');
    const known = services.get(start);
    if (known !== undefined) known.processes.push(found);
    else {
      services.set(start, {
        start,
        install: marker('INSTALL'),
        version: marker('VERSION'),
        digest: marker('DIGEST'),
        port: Number(marker('PORT')),
        key: marker('KEY'),
        release: marker('RELEASE'),
        verb: marker('VERB'),
        processes: [found],
      });
    }
  }
  return [...services.values()];
}

/** Stops services gracefully and returns when none of their processes is left. */
export async function stopServices(root: string, services: readonly Service[], graceMs: number): Promise<void> {
  if (services.length === 0) return;
  const starts = new Set(services.map(({ start }) => start));
  const find = async () =>
    (await findMarked(markersOf(root, 'service'))).filter((found) => starts.has(found.markers.SAVEPOINT_START ?? ''));
  await endAll(find, graceMs);
}

/** Ends whatever a rehearsal started under this root, of this release or of one that was given up. */
export async function stopStaged(root: string, graceMs: number): Promise<void> {
  await endAll(() => findMarked(markersOf(root, 'staged')), graceMs);
}

/** True while nobody listens there. */
export async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Does this service itself listen on its port? A stranger there may answer just as well. */
export async function listens(service: Service): Promise<boolean> {
  const sockets = new Set(await listeningSockets(service.port));
  if (sockets.size === 0) return false;
  for (const { pid } of service.processes) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const link = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (sockets.has(link)) return true;
    }
  }
  return false;
}

/** Sockets as the links of file descriptors name them. */
async function listeningSockets(port: number): Promise<string[]> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [, local, , state] = fields;
      return local?.endsWith(wanted) && state === '0A' ? [`socket:[${fields[9]}]`] : [];
    }),
  );
}
