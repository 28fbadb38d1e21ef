import { parseArgs } from 'node:util';
import { openMatrix, type Row } from './matrix.ts';
import {
  type CrashCase,
  casesOf,
  missingStages,
  missingSteps,
  pointsOf,
  type Reference,
  type Struck,
  titleOf,
} from './points.ts';
import { openRealMatrix } from './real/matrix.ts';
import { sampled, shuffled } from './sample.ts';

/**
 * `npm run test:crash [-- --seed 7] [--only <pattern>] [--sample <count>] [--list] [--real]`: every way of being struck
 * at every point of every scene. The seed is the order, and says which cases a sample takes. `--real`: over PostgreSQL, a
 * process and a site, one case after the other.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    sample: { type: 'string' },
    list: { type: 'boolean', default: false },
    real: { type: 'boolean', default: false },
  },
});

function print(row: Row): void {
  const { title, ending, effects, late, seconds, wrong } = row;
  const refused = late > 0 ? `, ${late} refused` : '';
  const line = [
    title.padEnd(70),
    ending.padEnd(12),
    `${effects} effects${refused}`.padEnd(22),
    `${seconds.toFixed(1)} s`,
  ];
  console.log(`${wrong.length === 0 ? ' ok ' : 'FAIL'} ${line.join(' ')}`);
  for (const each of wrong) console.log(`       ${each}`);
}

/** Those that are wanted, in the order of the seed; null when they were only listed. */
function chosen<S extends Struck>(cases: readonly CrashCase<S>[]): CrashCase<S>[] | null {
  const pattern = new RegExp(values.only);
  const all = cases.filter((each) => pattern.test(titleOf(each)));
  const seed = Number(values.seed);
  if (values.list) {
    for (const each of all) console.log(titleOf(each));
    return null;
  }
  const order = values.sample === undefined ? shuffled(all, seed) : sampled(all, seed, Number(values.sample));
  console.log(`${order.length} cases, seed ${values.seed}`);
  return order;
}

type Runnable<S extends Struck> = {
  references: readonly Reference<S>[];
  cases: readonly CrashCase<S>[];
  run(cases: readonly CrashCase<S>[], tell: (row: Row) => void): Promise<Row[]>;
};

async function runMatrix<S extends Struck>({ references, cases, run }: Runnable<S>): Promise<number> {
  const holes = [...missingSteps(references), ...missingStages(references)];
  for (const hole of holes) console.log(`FAIL nothing strikes ${hole}`);
  const order = chosen(cases);
  if (order === null) return 0;
  const startedAt = Date.now();
  const rows = await run(order, print);
  const failed = rows.filter(({ wrong }) => wrong.length > 0);
  if (failed.length > 0) console.log('\nFailed:');
  failed.forEach(print);
  console.log(`\n${Math.round((Date.now() - startedAt) / 1000)} s`);
  console.log(`${rows.length - failed.length} passed, ${failed.length + holes.length} failed`);
  return failed.length + holes.length;
}

async function runMemory(): Promise<number> {
  const matrix = await openMatrix();
  try {
    return await runMatrix({ ...matrix, cases: casesOf(pointsOf(matrix.references)) });
  } finally {
    await matrix.close();
  }
}

async function runReal(): Promise<number> {
  const matrix = await openRealMatrix();
  try {
    return await runMatrix(matrix);
  } finally {
    await matrix.close();
  }
}

const failures = values.real ? await runReal() : await runMemory();
process.exitCode = failures > 0 ? 1 : 0;
