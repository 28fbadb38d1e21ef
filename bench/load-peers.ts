import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from '../src/dev/temporal-cli.ts';
import { unpackedProgram, unpackPackage } from '../tests/support/unpacked.ts';

const run = promisify(execFile);

/** What one peer found: time of an answer in milliseconds, requests, and processor time in seconds without its start. */
export type PeerResult = { p99: number; requests: number; cpuSeconds: number };

/** `warmUpSeconds`: of those that need one to be warm; left out: 1. */
type LoadWords = { seconds: number; warmUpSeconds?: number; connections: number; pin: readonly string[] };

export type Peer = {
  name: string;
  /** `pin`: words that bind the program to a processor. */
  load(url: string, order: LoadWords): Promise<PeerResult>;
};

/** Binds a program to one processor, where there are several and taskset. */
export async function pinTo(processor: number): Promise<string[]> {
  const taskset = await onPath('taskset');
  return taskset === null || processor >= availableParallelism() ? [] : [taskset, '-c', String(processor)];
}

/** The programs of Debian packages, on PATH or unpacked into the cache; `missing` says which cannot be had, and why. */
export async function findPeers(): Promise<{ peers: Peer[]; missing: string[] }> {
  const peers: Peer[] = [autocannon];
  const missing: string[] = [];
  for (const { name, debian, program, make } of packaged) {
    const path = await ensure({ name, debian, program }).catch((error: unknown) => {
      missing.push(`${name} (${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)})`);
      return null;
    });
    if (path !== null) peers.push({ name, load: make(path) });
  }
  return { peers, missing };
}

type Packaged = { name: string; debian: string; program: string };

async function ensure({ name, debian, program }: Packaged): Promise<string> {
  const installed = await onPath(name);
  if (installed !== null) return installed;
  const unpacked = unpackedProgram(debian);
  return existsSync(unpacked) ? unpacked : await unpackPackage(debian, program);
}

/** In a process of its own, which counts its own time. */
const autocannon: Peer = {
  name: 'autocannon',
  async load(url, { seconds, warmUpSeconds = 1, connections, pin }) {
    const script = join(import.meta.dirname, 'load-autocannon.mjs');
    const numbers = [seconds, connections, warmUpSeconds].map(String);
    const [command = '', ...words] = [...pin, process.execPath, script, url, ...numbers];
    const { stdout } = await run(command, words);
    return JSON.parse(stdout) as PeerResult;
  },
};

const packaged: (Packaged & { make(path: string): Peer['load'] })[] = [
  {
    name: 'wrk',
    debian: 'wrk',
    program: 'usr/bin/wrk',
    make:
      (path) =>
      async (url, { seconds, connections, pin }) => {
        const words = ['--latency', '-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s', url];
        const { stdout, cpuSeconds } = await timed([...pin, path, ...words]);
        const [, value = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
        const [, requests = ''] = /(\d+) requests in/.exec(stdout) ?? [];
        return { p99: Number(value) * (perUnit[unit] ?? Number.NaN), requests: Number(requests), cpuSeconds };
      },
  },
  {
    name: 'ab',
    debian: 'apache2-utils',
    program: 'usr/bin/ab',
    make:
      (path) =>
      async (url, { seconds, connections, pin }) => {
        const words = ['-q', '-k', '-c', String(connections), '-t', String(seconds), '-n', '10000000', url];
        const { stdout, cpuSeconds } = await timed([...pin, path, ...words]);
        const [, p99 = ''] = /99%\s+(\d+)/.exec(stdout) ?? [];
        const [, requests = ''] = /Complete requests:\s+(\d+)/.exec(stdout) ?? [];
        return { p99: Number(p99), requests: Number(requests), cpuSeconds };
      },
  },
];

const perUnit: Record<string, number> = { us: 0.001, ms: 1, s: 1000 };

/** Processor time of a program and of what it started, as the shell counts it. */
async function timed(words: readonly string[]): Promise<{ stdout: string; cpuSeconds: number }> {
  const script = 'TIMEFORMAT="cpu %U %S"; time "$@"';
  const { stdout, stderr } = await run('bash', ['-c', script, 'time', ...words], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [, user = '', system = ''] = /cpu ([\d.]+) ([\d.]+)/.exec(stderr) ?? [];
  return { stdout, cpuSeconds: Number(user) + Number(system) };
}
