import { execFile } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { searchAttributes } from '../release/search-attributes.ts';
import { type Guarded, startGuarded } from './guarded.ts';
import { freePort, isFree } from './ports.ts';
import { ensureTemporalCli, onPath, type Say } from './temporal-cli.ts';

/**
 * As shipped, the dev server lets every hop between two activities wait up to 50 ms. These settings take the wait away;
 * measured times are printed together with them.
 */
export const fastSettings: Readonly<Record<string, string>> = {
  'history.transferProcessorMaxPollRPS': '2000',
  'history.timerProcessorMaxPollRPS': '2000',
  'system.enableActivityEagerExecution': 'true',
  'system.enableEagerWorkflowStart': 'true',
};

/** What the environment needs to be told dirty from is a finished run; a day, the default, would forget it. */
const retention = `${90 * 24 * 3600}s`;
const startPatienceMs = 30_000;

/** There is no dev server, or not any more, and the message says why and what to do. */
export class DevServerFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DevServerFailure';
  }
}

export type DevServerOptions = {
  /** SQLite file that keeps all data; null keeps it in memory. */
  dataFile: string | null;
  /** Default 127.0.0.1. */
  ip?: string;
  /** 0 lets the system choose. */
  port: number;
  /** 0 lets the system choose; null starts no UI. */
  uiPort: number | null;
  /** Default: a temporary file that `stop` removes. */
  logFile?: string;
  /** Leave the server running when this program ends. */
  keep?: boolean;
  /** Path of the CLI; found or installed when left out. */
  executable?: string;
  say?: Say;
};

export type DevServer = {
  /** `host:port` for clients and workers. */
  address: string;
  namespace: string;
  uiUrl: string | null;
  logFile: string;
  pid: number;
  /** Resolves when the server is gone, whoever stopped it. */
  ended: Promise<unknown>;
  /** The last lines of its log, which `stop` removes. */
  logEnd(): Promise<string>;
  stop(): Promise<void>;
};

type Ports = { ip: string; port: number; uiPort: number | null; http: number };

async function choosePorts(options: DevServerOptions): Promise<Ports> {
  const ip = options.ip ?? '127.0.0.1';
  const choose = async (wanted: number, what: string, option: string): Promise<number> => {
    if (wanted === 0) return freePort(ip);
    if (await isFree(wanted, ip)) return wanted;
    throw new DevServerFailure(
      `${what} cannot listen on ${ip}:${wanted}: the port is taken. Stop what uses it, or choose another with ${option}.`,
    );
  };
  const port = await choose(options.port, 'Temporal', '--port');
  const uiPort = options.uiPort === null ? null : await choose(options.uiPort, 'The Temporal UI', '--ui-port');
  return { ip, port, uiPort, http: await freePort(ip) };
}

/** The exact arguments of the CLI. */
export function devServerArguments(ports: Ports, dataFile: string | null): string[] {
  const attributes = searchAttributes.flatMap(({ name }) => ['--search-attribute', `${name}=Keyword`]);
  const settings = Object.entries(fastSettings).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${value}`,
  ]);
  return [
    ...['server', 'start-dev', '--ip', ports.ip, '--port', String(ports.port), '--http-port', String(ports.http)],
    ...(ports.uiPort === null ? ['--headless'] : ['--ui-port', String(ports.uiPort)]),
    ...(dataFile === null ? [] : ['--db-filename', dataFile]),
    ...['--log-level', 'warn'],
    ...attributes,
    ...settings,
  ];
}

type Http = (path: string, body?: unknown) => Promise<unknown>;

/** The server's own HTTP API, which spares this room a Temporal client. Answers null when it does not answer well. */
function httpApi(ports: Ports): Http {
  return async (path, body) => {
    const method = body === undefined ? 'GET' : 'POST';
    const signal = AbortSignal.timeout(5_000);
    const sent = body === undefined ? null : JSON.stringify(body);
    const url = `http://${ports.ip}:${ports.http}/cluster/namespaces/default${path}`;
    const answer = await fetch(url, { method, body: sent, signal }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  };
}

function customAttributes(answer: unknown): string[] | null {
  if (typeof answer !== 'object' || answer === null) return null;
  const { customAttributes: custom } = answer as { customAttributes?: Record<string, string> };
  return Object.keys(custom ?? {});
}

/**
 * A data file that an earlier version made lacks newer attributes: the flags work only when the file is created, and the
 * HTTP API has no way to add them.
 */
async function complete(http: Http, executable: string, ports: Ports): Promise<boolean> {
  const known = customAttributes(await http('/search-attributes'));
  if (known === null) return false;
  const missing = searchAttributes.filter(({ name }) => !known.includes(name));
  if (missing.length === 0) return true;
  const names = missing.flatMap(({ name }) => ['--name', name]);
  const address = ['--address', `${ports.ip}:${ports.port}`];
  // While the server still starts, this may fail; the caller looks again until its patience ends.
  const add = ['operator', 'search-attribute', 'create', ...address, '--type', 'Keyword', ...names];
  await promisify(execFile)(executable, add, { timeout: 10_000 }).catch(() => {});
  return false;
}

async function untilServing(server: Guarded, executable: string, ports: Ports): Promise<void> {
  const http = httpApi(ports);
  const deadline = Date.now() + startPatienceMs;
  while (!(await complete(http, executable, ports))) {
    if (server.hasEnded()) throw new DevServerFailure('The Temporal dev server ended at once.');
    if (Date.now() > deadline)
      throw new DevServerFailure(`The Temporal dev server did not serve within ${startPatienceMs / 1000} s.`);
    await sleep(25);
  }
  await http('/update', { namespace: 'default', config: { workflowExecutionRetentionTtl: retention } });
  while (ports.uiPort !== null && (await isFree(ports.uiPort, ports.ip)) && Date.now() < deadline) await sleep(25);
}

const inUse = 75;

/**
 * Two servers on one data file would both do its work. The lock belongs to the server's process, so that it ends exactly
 * with it. Where there is no `flock`, nothing guards the file.
 */
async function locking(dataFile: string | null, words: string[]): Promise<string[]> {
  const flock = dataFile === null ? null : await onPath('flock');
  if (flock === null) return words;
  return [flock, '--nonblock', '--no-fork', '--conflict-exit-code', String(inUse), `${dataFile}.lock`, ...words];
}

async function endOf(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8').catch(() => '');
  return log.trim().split('\n').slice(-5).join('\n');
}

/** Why a server that was started does not serve. */
async function notServing(server: Guarded, { dataFile, logFile }: { dataFile: string | null; logFile: string }) {
  const ended = server.hasEnded() ? await server.ended : null;
  if (ended?.code === inUse)
    return `Another Temporal server uses ${dataFile}. Stop that one, or choose another file with --data.`;
  return `The end of its log, ${logFile}:\n${await endOf(logFile)}`;
}

/** A port that was free a moment ago is somebody else's by now. Only ports that the system chose are worth another try. */
class PortLost extends DevServerFailure {}

const portTries = 3;

/**
 * Starts a Temporal dev server with its UI and waits until it serves with all search attributes registered. It ends
 * with this program, also when this program is killed, unless `keep` is set.
 *
 * @throws ToolMissing when there is no Temporal CLI and none can be had
 * @throws DevServerFailure when a port or the data file is taken, or when the server does not start
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const executable = options.executable ?? (await ensureTemporalCli(options.say ?? (() => {}))).path;
  const logFile = options.logFile ?? join(await mkdtemp(join(tmpdir(), 'savepoint-temporal-')), 'server.log');
  for (const file of [logFile, options.dataFile]) if (file !== null) await mkdir(dirname(file), { recursive: true });
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnPorts(options, { executable, logFile });
    } catch (error) {
      if (!(error instanceof PortLost) || tries === portTries) throw error;
    }
  }
}

type Program = { executable: string; logFile: string };

async function startOnPorts(options: DevServerOptions, { executable, logFile }: Program): Promise<DevServer> {
  const ports = await choosePorts(options);
  const log = openSync(logFile, 'w');
  const words = [executable, ...devServerArguments(ports, options.dataFile)];
  const [command = executable, ...rest] = await locking(options.dataFile, words);
  const server = startGuarded(command, rest, { log, keep: options.keep ?? false });
  closeSync(log);
  try {
    await untilServing(server, executable, ports);
  } catch (error) {
    const why = await notServing(server, { dataFile: options.dataFile, logFile });
    await server.stop();
    if (!(error instanceof DevServerFailure)) throw error;
    const lost = /address already in use/i.test(why);
    throw lost
      ? new PortLost(`${error.message} ${why}`, error)
      : new DevServerFailure(`${error.message} ${why}`, error);
  }
  return serving(server, ports, { options, logFile });
}

type Whole = { options: DevServerOptions; logFile: string };

function serving(server: Guarded, ports: Ports, { options, logFile }: Whole): DevServer {
  return {
    address: `${ports.ip}:${ports.port}`,
    namespace: 'default',
    uiUrl: ports.uiPort === null ? null : `http://${ports.ip}:${ports.uiPort}`,
    logFile,
    pid: server.pid,
    ended: server.ended,
    logEnd: () => endOf(logFile),
    stop: async () => {
      // The server takes a second to end well, which only a data file deserves.
      await server.stop(options.dataFile === null ? 0 : undefined);
      if (options.logFile === undefined) await rm(dirname(logFile), { recursive: true, force: true });
    },
  };
}
