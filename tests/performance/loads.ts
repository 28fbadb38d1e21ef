import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadSchema } from '../../src/performance/load/load.schema.ts';
import { load } from '../../src/performance/load/load.ts';
import type { Json } from '../../src/release/json.ts';
import type { Measured } from '../../src/release/performance.ts';
import type { Judgement } from '../../src/release/verdict.ts';
import type { TestServer } from './servers.ts';

type Around = { signal?: AbortSignal; before?: Json };

/** Measures what a plan would have written below `performance.load`; short, and without a warm-up where it says nothing. */
export async function measured(written: object, { signal, before = null }: Around = {}): Promise<Measured> {
  const spec = loadSchema.parse({ for: '500ms', warmUp: '0', ...written });
  return await load.measure({
    name: 'shop',
    spec,
    home: '.',
    version: 'v2',
    release: 'r',
    before,
    signal: signal ?? new AbortController().signal,
    redact: (value) => value,
    log: { info: () => {}, warn: () => {} },
    clock: { now: () => Date.now(), sleep: () => Promise.reject(new Error('a load takes the time that it takes')) },
  });
}

/** The same, again where this machine was too busy to measure: that it says so then is what other tests are about. */
export async function sound(written: object, around: Around = {}): Promise<Measured> {
  for (let tries = 1; ; tries += 1) {
    const found = await measured(written, around);
    if (tries === 5 || !found.judgements.some(({ explanation }) => explanation.includes('processor time')))
      return found;
  }
}

/** The judgement of one criterion. */
export function of({ judgements }: Measured, criterion: string): Judgement {
  const found = judgements.find((judgement) => judgement.criterion === criterion);
  if (found === undefined)
    throw new Error(`no ${criterion} among ${judgements.map((each) => each.criterion).join(', ')}`);
  return found;
}

type Numbers = {
  due: number;
  ok: number;
  errors: number;
  timeouts: number;
};
/** What is kept of a load. */
export function recordOf({ record }: Measured): {
  measurement: { n: number; errors: number; p50: number; p95: number; p99: number } | null;
  counts: Numbers;
  warmUp: Numbers;
  series: number[][];
} {
  return JSON.parse(JSON.stringify(record));
}

/** Generators that a process started, this one unless said otherwise, and that still live. */
export async function generators(parent = process.pid): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [status, words] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    ]);
    if (status.includes(`PPid:\t${parent}\n`) && words.includes('load-generator')) found.push(Number(pid));
  }
  return found;
}

/** The generators once their requests arrive. */
export async function begun(server: TestServer, parent = process.pid): Promise<number[]> {
  const asked = async (): Promise<number> => {
    const counts = await server.ask<Record<string, number>>('/count');
    return (counts['GET /'] ?? 0) + (counts['GET /never'] ?? 0);
  };
  const before = await asked();
  for (const deadline = Date.now() + 10_000; Date.now() < deadline && (await asked()) < before + 5; ) await sleep(20);
  return await generators(parent);
}
