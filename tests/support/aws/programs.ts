/** How a service under test behaves; each version is another program, and so another digest. */
export type WebProgram = {
  version: string;
  /** Ends with exit code 1 before it listens. */
  crashes?: boolean;
  /** Ends with exit code 1 so long after it began to listen. */
  crashesAfterMs?: number;
  /** Listens, and never passes its health check. */
  sick?: boolean;
  /** Milliseconds until it listens, and until each answer. */
  startsInMs?: number;
  answersInMs?: number;
  /** Lines that it writes at its start, beside `listening`. */
  says?: readonly string[];
  /** JavaScript that runs first, with top-level await; may import `pg`. `process.argv.slice(2)` is the container's command. */
  first?: string;
};

/**
 * A small web service: `/version` → `{ version, pid }`, `/health`, `/environment?name=X` → its value, `/slow?ms=N`. Every
 * request is a log line. As a one-off task it runs `first` and ends where that calls `process.exit`.
 */
export function webProgram(options: WebProgram): string {
  return `import { createServer } from 'node:http';
const options = ${JSON.stringify({ ...options, first: undefined })};
${options.first ?? ''}
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
for (const line of options.says ?? []) console.log(line);
if (options.crashes) {
  console.error('fatal: version ' + options.version + ' cannot start');
  process.exit(1);
}
await wait(options.startsInMs ?? 0);
const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://service');
  const send = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (url.pathname === '/health') return send(options.sick ? 503 : 200, { healthy: !options.sick });
  console.log(request.method + ' ' + request.url);
  await wait(Number(url.searchParams.get('ms') ?? options.answersInMs ?? 0));
  if (url.pathname === '/environment') return send(200, { value: process.env[url.searchParams.get('name')] ?? null });
  send(200, { version: options.version, pid: process.pid });
});
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log('listening, version ' + options.version));
if (options.crashesAfterMs !== undefined) setTimeout(() => process.exit(1), options.crashesAfterMs);
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
`;
}

/** The manifest of an image that holds this program; its SHA-256 is the digest. */
export function manifestOf(program: string): string {
  const type = 'application/vnd.oci.image';
  const source = Buffer.from(program);
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: { mediaType: `${type}.config.v1+json`, digest: `sha256:${'0'.repeat(64)}`, size: source.length },
    layers: [],
    annotations: { 'savepoint.program': source.toString('base64') },
  });
}
