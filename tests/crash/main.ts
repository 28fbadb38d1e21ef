import { parseArgs } from 'node:util';
import { type Matrix, openMatrix, type Row } from './matrix.ts';
import { casesOf, missingStages, missingSteps, pointsOf, titleOf } from './points.ts';
import { sampled, shuffled } from './sample.ts';

/**
 * `npm run test:crash [-- --seed 7] [--only <pattern>] [--sample <count>] [--list]`: every way of being struck at every
 * point of every scene. The seed is the order, and says which cases a sample takes.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    sample: { type: 'string' },
    list: { type: 'boolean', default: false },
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

async function runMatrix(matrix: Matrix): Promise<number> {
  const holes = [...missingSteps(matrix.references), ...missingStages(matrix.references)];
  for (const hole of holes) console.log(`FAIL nothing strikes ${hole}`);
  const pattern = new RegExp(values.only);
  const all = casesOf(pointsOf(matrix.references)).filter((each) => pattern.test(titleOf(each)));
  const seed = Number(values.seed);
  const cases = values.sample === undefined ? shuffled(all, seed) : sampled(all, seed, Number(values.sample));
  if (values.list) {
    for (const each of all) console.log(titleOf(each));
    return 0;
  }
  console.log(`${cases.length} cases, seed ${values.seed}`);
  const startedAt = Date.now();
  const rows = await matrix.run(cases, print);
  const failed = rows.filter(({ wrong }) => wrong.length > 0);
  if (failed.length > 0) console.log('\nFailed:');
  failed.forEach(print);
  console.log(`\n${Math.round((Date.now() - startedAt) / 1000)} s`);
  console.log(`${rows.length - failed.length} passed, ${failed.length + holes.length} failed`);
  return failed.length + holes.length;
}

const matrix = await openMatrix();
try {
  process.exitCode = (await runMatrix(matrix)) > 0 ? 1 : 0;
} finally {
  await matrix.close();
}
