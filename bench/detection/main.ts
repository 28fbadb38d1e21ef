import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareCandidates } from './candidates.ts';
import { pageOf, type Results } from './page.ts';
import { plotOf } from './plot.ts';
import type { Failure, Traffic } from './streams.ts';
import { healthyErrors } from './streams.ts';
import { measureDelays, measureHealth } from './trials.ts';

/**
 * `npm run detection [-- --quick] [--from reports/detection.json]`: replays seeded streams of requests through the watch
 * and through rules of fixed windows, and writes docs/detection.md and its plot. `--quick` prints the page of a few
 * watches instead; `--from` only writes the page of an earlier run. Half an hour of one core.
 */
const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, from: { type: 'string' } },
});

const traffics: readonly Traffic[] = [
  { name: 'steady, 50 requests/s', perSecond: 50, bursts: false, daily: false, margin: 0 },
  { name: 'steady, 10 requests/s', perSecond: 10, bursts: false, daily: false, margin: 0 },
  { name: 'steady, 1 request/s', perSecond: 1, bursts: false, daily: false, margin: 0 },
  { name: 'errors in bursts, 20 requests/s', perSecond: 20, bursts: true, daily: false, margin: 0 },
  { name: 'day and night, up to 20 requests/s', perSecond: 20, bursts: false, daily: true, margin: 25 },
  { name: 'low, 2 requests/min', perSecond: 1 / 30, bursts: false, daily: false, margin: 0 },
];

const failures: readonly Failure[] = [
  { name: '1 % errors', errors: 0.01, slower: 1 },
  { name: '5 % errors', errors: 0.05, slower: 1 },
  { name: '20 % errors', errors: 0.2, slower: 1 },
  { name: 'p95 +20 %', errors: healthyErrors, slower: 1.2 },
  { name: 'p95 +50 %', errors: healthyErrors, slower: 1.5 },
];

async function measure(watches: number, trials: number, keep: (results: Results) => Promise<void>): Promise<Results> {
  const results: Results = {
    watches,
    trials,
    candidates: compareCandidates(trials, Math.ceil(watches / 5)),
    healths: [],
    rows: [],
  };
  for (const traffic of traffics) {
    const began = Date.now();
    const health = measureHealth(traffic, watches);
    results.healths.push(health);
    results.rows.push(...measureDelays(health, failures, trials));
    process.stderr.write(`detection: ${traffic.name} took ${Math.round((Date.now() - began) / 1_000)} s\n`);
    await keep(results);
  }
  return results;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const kept = `${root}reports/detection.json`;

async function keep(results: Results): Promise<void> {
  await mkdir(dirname(kept), { recursive: true });
  await writeFile(kept, JSON.stringify(results));
}

if (values.quick) {
  console.log(pageOf(await measure(4, 8, async () => {})));
} else {
  const results =
    values.from === undefined
      ? await measure(100, 100, keep)
      : (JSON.parse(await readFile(values.from, 'utf8')) as Results);
  await writeFile(`${root}docs/detection.md`, pageOf(results));
  await writeFile(`${root}docs/images/detection.svg`, plotOf(results));
}
