/** `npm run simulate -- [--seeds 10000] [--seed 123] [--minutes 10]`: see CONTRIBUTING.md. */
import { parseArgs } from 'node:util';
import { runFor } from './server/run.ts';
import { runSeed } from './simulate.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' } },
});

const first = Number(values.seed ?? 1);
const count = Number(values.seeds ?? (values.seed === undefined ? 10_000 : 1));

/** Runs seed after seed by the pure rules; the first failing ones are told whole. */
function byTheRules(): number {
  const started = Date.now();
  const failed: number[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const found = runSeed(seed);
    if (found === null) continue;
    failed.push(seed);
    if (failed.length <= 3) console.log(`${found}\n`);
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const named = failed.length === 0 ? '' : `: ${failed.slice(0, 20).join(', ')}`;
  console.log(`pure: ${count} seeds in ${seconds} s, ${failed.length} failed${named}`);
  return failed.length;
}

/** Runs seed after seed on the time-skipping server until the minutes are over. */
async function onTheServer(minutes: number): Promise<number> {
  const { seeds, outcomes, found, again } = await runFor(first, minutes * 60_000, (told) => console.log(`${told}\n`));
  console.log(
    `server: ${seeds} seeds in ${minutes} min, ${found.length} failed: ${JSON.stringify(outcomes)}; played again: ${again.join(', ') || 'none'}`,
  );
  return found.length;
}

async function main(): Promise<void> {
  const failed = values.minutes === undefined ? byTheRules() : await onTheServer(Number(values.minutes));
  process.exitCode = failed > 0 ? 1 : 0;
}

void main();
