import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { startGuarded } from '../../src/dev/guarded.ts';
import { freePort } from '../../src/dev/ports.ts';
import { findRedis, isMissing } from './tools.ts';

export type RedisServer = {
  /** `redis://` or, with `tls`, `rediss://`, with the password where there is one. */
  url: string;
  /** Of the certificate authority, with `tls`. */
  ca: string | null;
  /** Asks the server past Savepoint. */
  client: Redis;
  log(): Promise<string>;
  stop(): Promise<void>;
};

/** `settings`: more arguments of redis-server, such as `['--maxmemory', '100mb']`. `cluster`: one node that has every slot. */
type Options = { password?: string; tls?: boolean; cluster?: boolean; settings?: string[] };

async function certificates(directory: string): Promise<string[]> {
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'redis.key'];
  await promisify(execFile)('openssl', ['req', '-x509', ...key, '-out', 'redis.crt', '-days', '2', ...subject], {
    cwd: directory,
  });
  return ['--tls-cert-file', 'redis.crt', '--tls-key-file', 'redis.key', '--tls-auth-clients', 'no'];
}

/**
 * A real Redis on a port of its own that keeps nothing on disk and ends with the process that started it.
 * @throws Error when there is none; ask `findRedis` first and skip with its reason
 */
export async function startRedis({ password, tls, cluster, settings = [] }: Options = {}): Promise<RedisServer> {
  const found = await findRedis();
  if (isMissing(found)) throw new Error(found.missing);
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-redis-'));
  const port = await freePort();
  const listening = tls ? ['--port', '0', '--tls-port', `${port}`] : ['--port', `${port}`];
  const given = [
    ...listening,
    ...(tls ? await certificates(directory) : []),
    ...(password === undefined ? [] : ['--requirepass', password]),
    // The port of the cluster's own connection must be given: by itself it would be beyond the last one.
    ...(cluster ? ['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`] : []),
    ...(cluster ? ['--cluster-announce-ip', '127.0.0.1'] : []),
    ...['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory],
    ...settings,
  ];
  const output = await open(join(directory, 'log'), 'a');
  const run = startGuarded(found.path, given, { cwd: directory, log: output.fd });
  await output.close();
  const authority = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  const url = `${tls ? 'rediss' : 'redis'}://${authority}127.0.0.1:${port}`;
  const ca = tls ? join(directory, 'redis.crt') : null;
  const trust = ca === null ? {} : { tls: { ca: await readFile(ca, 'utf8') } };
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, ...trust });
  client.on('error', () => {});
  const stop = async (): Promise<void> => {
    client.disconnect();
    await run.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const log = (): Promise<string> => readFile(join(directory, 'log'), 'utf8');
  for (const deadline = Date.now() + 15_000; ; ) {
    const answers = await client.connect().then(
      () => true,
      () => client.status === 'ready',
    );
    if (answers) break;
    if (run.hasEnded() || Date.now() > deadline) {
      const said = await log();
      await stop();
      throw new Error(`Redis did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  if (cluster) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    while (!(await client.cluster('INFO')).includes('cluster_state:ok')) {
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  return { url, ca, client, log, stop };
}
