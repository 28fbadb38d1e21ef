import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { fastSettings } from '../src/dev/temporal.ts';
import { findTemporalCli } from '../src/dev/temporal-cli.ts';
import { serverSettings, workerSettings } from './settings.ts';

/** Nothing here names the machine. `load`: of the last minute, as the measurements began. */
export type Machine = {
  processor: string;
  processors: number;
  memoryGb: number;
  system: string;
  node: string;
  temporal: string;
  load: number;
};

export type Settings = {
  quick: boolean;
  at: string;
  temporalServer: Readonly<Record<string, string>>;
  worker: Readonly<Record<string, string>>;
  postgres: readonly string[];
};

export async function describeMachine(): Promise<Machine> {
  const temporal = await findTemporalCli();
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `${platform()} ${release()}`,
    node: process.version,
    temporal: Array.isArray(temporal) ? 'none' : temporal.version,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

/** What the numbers depend on. As shipped, the dev server would make each hop wait up to 50 ms. */
export function describeSettings(quick: boolean): Settings {
  return {
    quick,
    at: new Date().toISOString(),
    temporalServer: fastSettings,
    worker: workerSettings,
    postgres: serverSettings,
  };
}

export function settingLines(machine: Machine, settings: Settings): string[] {
  const pairs = (values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ');
  return [
    `machine: ${machine.processors} x ${machine.processor}, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}`,
    `load before: ${machine.load}; ${machine.temporal}`,
    `Temporal server: ${pairs(settings.temporalServer)}; one shard, data in memory`,
    `workers: ${pairs(settings.worker)}`,
    `PostgreSQL: ${settings.postgres.join(' ')}`,
    ...(settings.quick ? ['--quick: small sizes, to see that it works; the numbers mean little'] : []),
  ];
}
