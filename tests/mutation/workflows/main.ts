import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { wilson } from '../../../src/release/intervals.ts';
import { shuffled } from '../../crash/sample.ts';
import { type Mutant, mutateWorkflows } from './instrument.ts';

/**
 * `npm run test:mutation:workflows [-- --sample 60] [--seed 1]`: changes the workflow code in places that the seed chooses,
 * and lets the recorded histories and then all of tests/workflows judge each change. One that nobody notices costs seven
 * minutes, so it is a sample. What was judged for this state of the source is not judged again.
 */
const { values } = parseArgs({
  options: { sample: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const folder = join(process.cwd(), '.savepoint', 'mutated-workflows');
/** As it goes, and at the end for scripts/mutation-page.ts. */
const journal = 'reports/mutation/workflows.ndjson';
const report = 'reports/mutation/workflows.json';
/** A change that keeps the tests busy for longer hangs them. */
const patienceMs = 20 * 60_000;

type Judged = Mutant & { state: string; verdict: 'killed' | 'timeout' | 'survived'; by: string; seconds: number };

/** Quick ones first, then what lies nearest to the changed file. */
function stagesOf({ file }: Mutant): string[][] {
  const name = /([\w-]+)\.ts$/.exec(file)?.[1] ?? '';
  return [['tests/replay.test.ts'], [`tests/workflows/${name}`], ['tests/workflows']];
}

async function ask(files: readonly string[], bundle: string) {
  return await execa(
    'npx',
    ['vitest', 'run', ...files, '--bail=1', '--retry=0', '--passWithNoTests', '--reporter=dot'],
    { env: { SAVEPOINT_WORKFLOW_BUNDLE: bundle }, reject: false, all: true, timeout: patienceMs },
  );
}

async function judge(mutant: Mutant, bundle: string): Promise<Pick<Judged, 'verdict' | 'by'>> {
  for (const files of stagesOf(mutant)) {
    let run = await ask(files, bundle);
    // A busy machine runs into time limits as well: only what does so twice has noticed the change.
    if (run.exitCode !== 0 && !run.timedOut && /timed out in \d+ms/.test(run.all)) run = await ask(files, bundle);
    if (run.timedOut) return { verdict: 'timeout', by: files.join(' ') };
    if (run.exitCode !== 0)
      return { verdict: 'killed', by: /FAIL .*?(tests\/[\w./-]+)/.exec(run.all)?.[1] ?? files.join(' ') };
  }
  return { verdict: 'survived', by: '' };
}

async function earlier(state: string): Promise<Judged[]> {
  const text = await readFile(journal, 'utf8').catch(() => '');
  const found: Judged[] = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  return found.filter((each) => each.state === state);
}

await mkdir('reports/mutation', { recursive: true });
const { mutants, withMutant } = await mutateWorkflows(folder);
const state = createHash('sha256').update(withMutant('')).digest('hex').slice(0, 16);
const done = await earlier(state);
const sample = shuffled(mutants, Number(values.seed)).slice(0, Number(values.sample));
console.log(`${sample.length} of ${mutants.length} mutants, seed ${values.seed}, ${done.length} judged before`);
const all: Judged[] = [];
const count = { killed: 0, timeout: 0, survived: 0 };
for (const mutant of sample) {
  let judged = done.find(({ id }) => id === mutant.id);
  if (judged === undefined) {
    const bundle = join(folder, 'bundle.js');
    await writeFile(bundle, withMutant(mutant.id));
    const began = Date.now();
    const verdict = await judge(mutant, bundle);
    judged = { ...mutant, ...verdict, state, seconds: Math.round((Date.now() - began) / 1000) };
    await appendFile(journal, `${JSON.stringify(judged)}\n`);
  }
  count[judged.verdict] += 1;
  all.push(judged);
  const { verdict, by, seconds, file, line, mutator, instead } = judged;
  console.log(`${verdict.padEnd(8)} ${file}:${line} ${mutator} ${instead.slice(0, 40)} (${seconds} s) ${by}`);
}
await writeFile(report, JSON.stringify({ seed: values.seed, of: mutants.length, judged: all }, null, 1));
const caught = count.killed + count.timeout;
const { low, high } = wilson(caught, sample.length);
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
console.log(
  `${caught} of ${sample.length} caught, ${percent(caught / sample.length)}; of all between ${percent(low)} and ${percent(high)}`,
);
