import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from '../../src/dev/guarded.ts';
import { freePort } from '../../src/dev/ports.ts';
import { findPrometheus, isMissing } from './tools.ts';

export type Prometheus = {
  url: string;
  /** Asks it past Savepoint; the values of what was found. */
  query(query: string): Promise<string[]>;
  /** Waits until a query finds something. @throws Error after 15 s */
  until(query: string): Promise<void>;
  stop(): Promise<void>;
};

/** `scraped`: job → address of its page of metrics. */
type Options = { scraped: Record<string, string>; rules?: string };

function configuration({ scraped, rules }: Options): string {
  const jobs = Object.entries(scraped).map(([job, url]) => {
    const { host, pathname } = new URL(url);
    return { job_name: job, metrics_path: pathname, static_configs: [{ targets: [host] }] };
  });
  const settings = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  // JSON is YAML.
  return JSON.stringify({
    global: settings,
    scrape_configs: jobs,
    ...(rules === undefined ? {} : { rule_files: [rules] }),
  });
}

/**
 * A real Prometheus on a port of its own that scrapes every second and ends with the process that started it.
 * @throws Error when there is none; ask `findPrometheus` first and skip with its reason
 */
export async function startPrometheus(options: Options): Promise<Prometheus> {
  const found = await findPrometheus();
  if (isMissing(found)) throw new Error(found.missing);
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-prometheus-'));
  await writeFile(join(directory, 'prometheus.yml'), configuration(options));
  const port = await freePort();
  const words = [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ];
  const output = await open(join(directory, 'log'), 'a');
  const run = startGuarded(found.path, words, { cwd: directory, log: output.fd });
  await output.close();
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await run.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const query = async (text: string): Promise<string[]> => {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
    const { data } = (await answer.json()) as { data?: { result: { value: [number, string] }[] } };
    return (data?.result ?? []).map(({ value }) => value[1]);
  };
  const until = async (text: string): Promise<void> => {
    for (const deadline = Date.now() + 15_000; ; ) {
      if ((await query(text).catch(() => [])).length > 0) return;
      if (run.hasEnded() || Date.now() > deadline) {
        const said = await readFile(join(directory, 'log'), 'utf8');
        await stop();
        throw new Error(`Prometheus did not find ${text}: ${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await until('vector(1)');
  return { url, query, until, stop };
}
