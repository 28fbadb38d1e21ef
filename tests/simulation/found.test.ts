import { expect, it } from 'vitest';
import { memoryEffects, memoryWorld, writeRows } from '../../src/targets/memory/world.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, until } from '../support/release.ts';

/** What the simulation of the rules found, and the workflow did once. */
const bench = benchForFile();
const by = 'deployment-lead';
const patience = 90_000;

async function decide(handle: Handle, choice: string): Promise<void> {
  const { question } = await until(handle, (status) => status.outcome !== null || status.question !== null);
  if (question === null) return;
  const body = { by, question: question.id, choice, reason: 'test', upTo: 1000 };
  await handle.executeUpdate(decideUpdate, { args: [body] });
}

it(
  'new code that runs although its deployment failed is stopped before its database goes back',
  async () => {
    const application = 'found-hold';
    const backend = { faults: [{ verb: 'apply', change: 'deploy', kind: 'failed', when: 'after' }] };
    const handle = await bench().start(memoryPlan({ application, database: { compatibility: 'breaking' }, backend }));
    await approve(handle);
    await decide(handle, 'restore-full');
    await handle.result();
    const worlds = worldsOf(application);
    const back = memoryEffects([worlds.database, worlds.backend]).filter(({ key }) => /restore|way back/.test(key));
    const opened = back.findIndex(({ verb, world }) => verb === 'resume' && world === worlds.database);
    const stopped = back.findIndex(({ verb, world }) => verb !== 'resume' && world === worlds.backend);
    expect(stopped).toBeGreaterThanOrEqual(0);
    expect(stopped).toBeLessThan(opened);
  },
  patience,
);

it(
  'rows that users wrote before the way back held their database are not lost by --restore without a word',
  async () => {
    const application = 'found-restore';
    const verify = [{ name: 'verify', kind: 'command', run: ['sh', '-c', 'sleep 3; false'] }];
    const database = { verify, faults: [{ verb: 'restore', kind: 'failed', when: 'before' }] };
    const handle = await bench().start(memoryPlan({ application, database }));
    await approve(handle);
    await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'verify database' && state === 'running'));
    const world = worldsOf(application).database;
    writeRows(world, 7);
    await decide(handle, 'restore-database');
    await until(handle, ({ question }) => question?.kind === 'blocked');
    await handle.terminate('a slip');
    const continuation = { as: 'restore', reason: 'test' } as const;
    const next = await bench().start(memoryPlan({ application }), { continuation });
    await until(next, (status) => status.outcome !== null || status.question !== null);
    expect(memoryWorld(world).state.rows).toBe(7);
  },
  patience,
);
