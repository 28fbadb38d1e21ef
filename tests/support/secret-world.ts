import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect, type ReleaseClient } from '../../src/client.ts';
import type { ReleaseStatus } from '../../src/release/status.ts';
import { endAll, findMarked } from '../../src/targets/shell/processes.ts';
import { statusQuery } from '../../src/workflows/messages.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { startThrough } from './starting.ts';
import { startTemporal, type TemporalForTests } from './temporal.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process-control.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Hard to write down right: each means something to an address, a shell, JSON, a form or base64. */
export const secrets = {
  'password of the owner': `0wn3r-p@$$/w0rd&"x'`,
  'password of the service': 'serv1ce=Secret+9?ö',
  'password nobody has': 'wr0ng-Guess%41\\',
  'password in an http address': 'm0nitor:pass/ph#rase',
  'token in a header': 'tok-"q7Zr"~9kLm==',
  'token in the path of a webhook': 'T00-hookPath-55ab',
  'key that signs': 's1gn ing&Key',
  'key in a file': 'f1le-Key\t"31415926"',
};

/** Nobody's secret: printed wherever secrets are provoked, to see that the search finds what is there. */
export const marker = 'marker-7f3a21';

/** A server that keeps its data in a file, a database, a worker with secrets, and a service that repeats them all. */
export type SecretWorld = {
  folder: string;
  home: string;
  dataFile: string;
  /** `http://127.0.0.1:port` of a service that answers 500 with everything it was told. */
  origin: string;
  env: Record<string, string>;
  temporal: TemporalForTests;
  postgres: Postgres;
  worker: WorkerProcess;
  write(name: string, text: string): Promise<void>;
  /** Releases and answers every question with `answer` until the end. Returns the last status. */
  release(plan: object, options?: { version?: string; answer?: string }): Promise<ReleaseStatus>;
  /** Ends worker and servers, so that their files are complete. */
  stop(): Promise<void>;
  remove(): Promise<void>;
};

/** Answers 500 and repeats everything it was told, as a badly written service does. */
function startEcho(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const { url, headers } = request;
      const basic = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
      // A webhook that fails for good keeps nobody waiting.
      response.writeHead(request.method === 'POST' ? 403 : 500, {
        location: encodeURI(String(headers['x-token'] ?? '-')),
      });
      response.end(`${marker} ${JSON.stringify({ url, headers, basic })} ${body.slice(0, 400)}`);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

export async function openSecretWorld(): Promise<SecretWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'savepoint-secrets-'));
  const home = join(folder, 'home');
  await mkdir(join(home, 'keys'), { recursive: true });
  await writeFile(join(home, 'keys/api'), `${secrets['key in a file']}\n`);
  const modules = fileURLToPath(import.meta.resolve('pg'));
  await symlink(modules.slice(0, modules.lastIndexOf('node_modules') + 12), join(home, 'node_modules'));
  const bundle = await workflowBundle();
  const dataFile = join(folder, 'temporal.db');
  const [temporal, postgres, echo] = await Promise.all([startTemporal({ dataFile }), startPostgres(), startEcho()]);
  await makeRoles(postgres);
  const origin = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
  const env = environment(postgres, origin);
  const client = await connect({ address: temporal.address });
  const worker = await startWorkerProcess(
    { address: temporal.address, host: 'test', taskQueue: 'savepoint', bundle },
    env,
  );
  const write: SecretWorld['write'] = async (name, text) => {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), text);
  };
  return {
    ...{ folder, home, dataFile, origin, env, temporal, postgres, worker, write },
    async release(plan, { version = 'v2', answer } = {}) {
      const { workflowId } = await startThrough(client, { home, plan, version, approved: true });
      return await ended({ temporal, client }, workflowId, answer);
    },
    async stop() {
      await endAll(() => findMarked({ SAVEPOINT_ROOT: join(home, 'run', 'backend') }), 0);
      await Promise.allSettled([worker.stop(), client.close()]);
      await Promise.allSettled([temporal.stop(), postgres.stop()]);
      echo.close();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function makeRoles(postgres: Postgres): Promise<void> {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  await postgres.sql(
    `create role shop_service login password ${quoted(secrets['password of the service'])};
     create role shop_owner login createdb password ${quoted(secrets['password of the owner'])};
     grant shop_service, pg_signal_backend, pg_read_all_stats to shop_owner`,
  );
}

function environment(postgres: Postgres, origin: string): Record<string, string> {
  const url = (user: string, password: string): string => postgres.url('', { user, password }).replace(/\/$/, '');
  return {
    OWNER_URL: url('shop_owner', secrets['password of the owner']),
    SERVICE_URL: url('shop_service', secrets['password of the service']),
    WRONG_URL: url('shop_owner', secrets['password nobody has']),
    UNREACHABLE_URL: `postgres://u:${encodeURIComponent(secrets['password of the owner'])}@127.0.0.1:1`,
    MONITOR_PASSWORD: encodeURIComponent(secrets['password in an http address']),
    API_TOKEN: secrets['token in a header'],
    HOOK_URL: origin,
    HOOK_TOKEN: secrets['token in the path of a webhook'],
    SIGNING_KEY: secrets['key that signs'],
    MARKER: marker,
  };
}

type Ends = { temporal: TemporalForTests; client: ReleaseClient };

async function ended({ temporal, client }: Ends, workflowId: string, answer?: string): Promise<ReleaseStatus> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  const answered = new Set<string>();
  for (const deadline = Date.now() + 90_000; ; await sleep(100)) {
    const status = await handle.query(statusQuery);
    const { question, outcome } = status;
    if (outcome !== null) {
      await handle.result().catch(() => null);
      return await handle.query(statusQuery);
    }
    if (Date.now() > deadline)
      throw new Error(`${workflowId} does not end: ${JSON.stringify(status.timeline.slice(-5))}`);
    if (question === null || answered.has(question.id)) continue;
    if (answer === undefined) throw new Error(`nobody expects: ${question.text}\n${question.why}`);
    answered.add(question.id);
    await client.decide(workflowId, { by: 'deployment-lead', question: question.id, choice: answer, reason: 'a test' });
  }
}
