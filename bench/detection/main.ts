import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareCandidates } from './candidates.ts';
import { pageOf, type Results } from './page.ts';
import { plotOf } from './plot.ts';
import { measureRegressions } from './regressions.ts';
import type { Failure, Traffic } from './streams.ts';
import { healthyErrors } from './streams.ts';
import { measureDelays, measureHealth } from './trials.ts';

/**
 * `npm run detection [-- --quick] [--from reports/detection.json]`: replays seeded streams of requests through the watch
 * and through rules of fixed windows, and writes docs/detection.md and its plot. `--quick` prints the page of a few
 * watches instead; `--from` only writes the page of an earlier run, or of several that `--only` (positions of the traffic,
 * from 0) split. A quarter of an hour of one core.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    from: { type: 'string', default: [], multiple: true },
  },
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

const only = values.only.split(',').flatMap((word) => (word === '' ? [] : [Number(word)]));

async function measure(watches: number, trials: number, keep: (results: Results) => Promise<void>): Promise<Results> {
  const results: Results = {
    watches,
    trials,
    candidates: only.length > 0 && !only.includes(0) ? [] : compareCandidates(trials, Math.ceil(watches / 5)),
    healths: [],
    rows: [],
  };
  for (const traffic of traffics.filter((_, index) => only.length === 0 || only.includes(index))) {
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
const kept = `${root}reports/detection${only.join('')}.json`;

async function keep(results: Results): Promise<void> {
  await mkdir(dirname(kept), { recursive: true });
  await writeFile(kept, JSON.stringify(results));
}

async function read(file: string): Promise<Results> {
  return JSON.parse(await readFile(file, 'utf8')) as Results;
}

/** Parts of one run, in the order of the traffic. */
function merged(parts: readonly Results[]): Results {
  const position = ({ traffic }: { traffic: Traffic }): number =>
    traffics.findIndex(({ name }) => name === traffic.name);
  const [first] = parts;
  if (first === undefined) throw new TypeError('nothing to merge');
  const healths = parts.flatMap((part) => part.healths).sort((a, b) => position(a) - position(b));
  const rows = parts.flatMap((part) => part.rows).sort((a, b) => position(a) - position(b));
  return { ...first, candidates: parts.flatMap(({ candidates }) => candidates), healths, rows };
}

if (values.quick) {
  console.log(pageOf(await measure(4, 8, async () => {}), measureRegressions(20)));
} else {
  const results =
    values.from.length === 0 ? await measure(100, 100, keep) : merged(await Promise.all(values.from.map(read)));
  await writeFile(`${root}docs/detection.md`, pageOf(results, measureRegressions(200)));
  await writeFile(`${root}docs/images/detection.svg`, plotOf(results));
}
