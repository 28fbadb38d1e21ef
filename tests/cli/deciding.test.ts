import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRows } from '../../src/targets/memory/world.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Bench, type Handle, openBench, until } from '../support/release.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';
import { type Ran, savepoint } from './command.ts';

let temporal: TemporalForTests;
let bench: Bench;
beforeAll(async () => {
  temporal = await startTemporal();
  bench = await openBench(temporal);
});
afterAll(async () => {
  await bench?.stop();
  await temporal?.stop();
});

const decide = (application: string, ...words: string[]): Promise<Ran> => {
  const env = { TEMPORAL_ADDRESS: temporal.address };
  const all = ['decide', ...words, `release/${application}/test`, '--by', 'deployment-lead', '--reason', 'seen'];
  return savepoint(all, { cwd: bench.folder, env });
};

const people = {
  'product-owner': { name: 'Product owner' },
  'deployment-lead': { name: 'Deployment lead', contact: 'tel. 100' },
  'engineering-lead': { name: 'Engineering lead' },
};

/** A seed that stops half way after users wrote three rows, at the question what now. */
async function askedAboutThreeRows(application: string): Promise<Handle> {
  const faults = [{ verb: 'apply', change: 'seed', when: 'half' }];
  const database = { faults, workMs: { apply: '400ms' } };
  const handle = await bench.start(memoryPlan({ application, database, more: { people } }));
  await approve(handle);
  await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'migrate database' && state === 'running'));
  writeRows(worldsOf(application).database, 3);
  await until(handle, ({ question }) => question?.losses?.[0]?.loss.rows === 3);
  return handle;
}

describe('an answer at a terminal', () => {
  it('loses at most the rows that it allows, and the bound is kept with the answer', async () => {
    const handle = await askedAboutThreeRows('decides-enough');
    const env = { TEMPORAL_ADDRESS: temporal.address };
    const status = await savepoint(['status', 'release/decides-enough/test'], { cwd: bench.folder, env });
    expect(status.stdout).toContain('who: deployment-lead (tel. 100), engineering-lead\n');
    expect(status.stdout).toMatch(/savepoint decide restore-database .* --up-to \S+=3 --reason 'why'/);
    const ran = await decide('decides-enough', 'restore-database', '--up-to', '5');
    expect(ran).toMatchObject({ code: 0 });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', rowsLost: 3 });
    const { answered } = await until(handle, ({ outcome }) => outcome !== null);
    expect(answered.at(-1)?.answers.at(-1)).toMatchObject({ choice: 'restore-database', upTo: 5 });
  });

  it('that allows too few rows restores nothing, and people are asked again', async () => {
    const handle = await askedAboutThreeRows('decides-too-few');
    expect((await decide('decides-too-few', 'restore-database', '--up-to', 'rows=1')).code).toBe(0);
    const { question } = await until(handle, ({ question: open }) => open?.id === 'loss of database');
    expect(question?.losses?.[0]?.loss).toMatchObject({ rows: 3, held: true });
    expect((await decide('decides-too-few', 'stay')).code).toBe(0);
    await handle.result();
  });

  it('that names no bound accepts what the question shows, and is told so', async () => {
    const handle = await askedAboutThreeRows('decides-shown');
    const ran = await decide('decides-shown', 'restore-database');
    expect(ran.stderr).toMatch(/rows that may be lost: up to \S+=3; --up-to says otherwise/);
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', rowsLost: 3 });
  });
});
