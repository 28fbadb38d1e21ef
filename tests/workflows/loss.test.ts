import { describe, expect, it } from 'vitest';
import { reportDocument } from '../../src/report/document.ts';
import { memoryWorld, writeRows } from '../../src/targets/memory/world.ts';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { approve, type Handle, type ReleaseResult, statusOf, until } from '../support/release.ts';

const bench = benchForFile();

/** A seed that stops half way: the database differs from its savepoint, and users may have written meanwhile. */
const halfSeeded = { verb: 'apply', change: 'seed', when: 'half' };

type Given = { application: string; database?: object; rollback?: object; written?: number };

/** A release whose seed fails after users wrote `written` rows since the savepoint. */
async function failingSeed({ application, database = {}, rollback = {}, written = 0 }: Given): Promise<Handle> {
  const workMs = { apply: '400ms' };
  const more = { rollback };
  const plan = memoryPlan({ application, database: { faults: [halfSeeded], workMs, ...database }, more });
  const handle = await bench().start(plan);
  await approve(handle);
  await until(handle, ({ steps }) => steps.some(({ id, state }) => id === 'migrate database' && state === 'running'));
  if (written > 0) writeRows(worldsOf(application).database, written);
  return handle;
}

async function asked(handle: Handle) {
  const { question } = await until(handle, (status) => status.question !== null && status.question.kind !== 'go-no-go');
  if (question === null) throw new Error('nothing was asked');
  return question;
}

async function decide(handle: Handle, choice: string, more: object = {}): Promise<void> {
  const { id } = await asked(handle);
  const body = { by: 'deployment-lead', question: id, choice, reason: 'seen', ...more };
  await handle.executeUpdate(decideUpdate, { args: [body] });
}

const rowsIn = (application: string): number => memoryWorld(worldsOf(application).database).state.rows;
const restoredDatabase = ({ restored }: ReleaseResult) => restored.find(({ target }) => target === 'database');

describe('a database that has to go back', () => {
  it('goes back without a question when nobody wrote to it', async () => {
    const application = 'loses-nothing';
    const handle = await failingSeed({ application });
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'seed database', rowsLost: 0 });
    expect(result.decidedBy).toBeNull();
    expect(restoredDatabase(result)?.proved).toBe('content');
    expect(memoryWorld(worldsOf(application).database).held).toBe(false);
  });

  it('keeps every row that users wrote when they are carried over', async () => {
    const application = 'carries-over';
    const handle = await failingSeed({ application, written: 7 });
    const question = await asked(handle);
    expect(question.choices.map(({ id }) => id)).toEqual([
      'carry-over-and-restore',
      'export-and-restore',
      'restore-database',
      'retry',
      'stay',
      'done-by-hand',
    ]);
    await until(handle, (status) => status.question?.losses?.[0]?.loss.rows === 7);
    await decide(handle, 'carry-over-and-restore');
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', rowsLost: 0 });
    expect(rowsIn(application)).toBe(7);
    expect(memoryWorld(worldsOf(application).database).state).toMatchObject({ schema: 'v1', seeds: [] });
  });

  it('goes back without the rows of users when they are exported, and says that they are kept', async () => {
    const application = 'exports';
    const handle = await failingSeed({ application, written: 6, database: { unfit: 1 } });
    await until(handle, (status) => status.question?.losses?.[0]?.loss.rows === 6);
    await decide(handle, 'export-and-restore');
    const result = await handle.result();
    // The database lacks them, whatever the files hold.
    expect(result).toMatchObject({ outcome: 'rolled-back', failedStep: 'seed database', rowsLost: 6 });
    expect(result.decidedBy).toMatchObject({ by: 'deployment-lead', choice: 'export-and-restore', reason: 'seen' });
    expect(restoredDatabase(result)?.proved).toBe('content');
    const status = await statusOf(handle);
    const { loss, carried } = status.restored.find(({ target }) => target === 'database') ?? {};
    expect(loss).toMatchObject({ rows: 6, held: true });
    // A memory target has nowhere to write a file.
    expect(carried).toMatchObject({ into: 'files', carried: 5, left: 1, files: [] });
    expect(status.answered.map(({ id }) => id)).toEqual(['go-no-go', 'after seed database']);
    const { facts, sections } = reportDocument(status);
    expect(facts).toContainEqual(['rows lost', '6 rows']);
    expect(sections.find(({ heading }) => heading === 'Rows written since the savepoint')?.rows).toEqual([
      ['database', 'rows', '6', '0', '0', '0', '1', 'kept as files; 1 left: they do not fit the old schema'],
    ]);
    const { database, backend, frontend } = worldsOf(application);
    expect(memoryWorld(database)).toMatchObject({ state: { schema: 'v1', seeds: [], rows: 0 }, held: false });
    for (const code of [backend, frontend]) expect(memoryWorld(code)).toMatchObject({ history: ['v1'], held: false });
  });

  it('is asked about again when more rows would be undone than somebody agreed to', async () => {
    const application = 'more-than-agreed';
    const handle = await failingSeed({ application, written: 3 });
    await until(handle, (status) => status.question?.losses?.[0]?.loss.rows === 3);
    writeRows(worldsOf(application).database, 2);
    await decide(handle, 'restore-database');
    const again = await until(handle, ({ question }) => question?.id === 'loss of database');
    expect(again.question?.losses?.[0]?.loss).toMatchObject({ rows: 5, held: true });
    expect(again.held).toEqual({});
    expect(rowsIn(application)).toBe(5);
    await decide(handle, 'restore-database', { upTo: { rows: 5 } });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', rowsLost: 5 });
    expect(rowsIn(application)).toBe(0);
  });

  it('is left as it is when people change their mind over the numbers', async () => {
    const application = 'changed-mind';
    const handle = await failingSeed({ application, written: 3 });
    await decide(handle, 'restore-database', { upTo: 1 });
    await until(handle, ({ question }) => question?.id === 'loss of database');
    await decide(handle, 'stay');
    expect(await handle.result()).toMatchObject({ outcome: 'partly-rolled-back', rowsLost: null });
    expect(rowsIn(application)).toBe(3);
    expect(memoryWorld(worldsOf(application).database).held).toBe(false);
  });

  it('names the rows that do not fit before they are left behind', async () => {
    const application = 'unfit-rows';
    const handle = await failingSeed({ application, written: 4, database: { unfit: 1 } });
    await decide(handle, 'carry-over-and-restore');
    const again = await until(handle, ({ question }) => question?.id === 'loss of database');
    expect(again.question?.why).toContain('rows 1 (they do not fit the old schema)');
    await decide(handle, 'carry-over-and-restore', { upTo: 1 });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', rowsLost: 1 });
    expect(rowsIn(application)).toBe(3);
  });

  it('goes back by itself within the bounds of the plan', async () => {
    const application = 'within-bounds';
    const rollback = { dataLoss: { allow: { rows: 10, within: '10m' } } };
    const handle = await failingSeed({ application, written: 4, rollback });
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', rowsLost: 4, decidedBy: null });
  });

  it('is offered no way that loses rows where the plan refuses loss', async () => {
    const application = 'refuses-loss';
    const handle = await failingSeed({ application, written: 4, rollback: { dataLoss: 'refuse' } });
    const { choices } = await asked(handle);
    expect(choices.map(({ id }) => id)).toEqual(['carry-over-and-restore', 'retry', 'stay', 'done-by-hand']);
    await decide(handle, 'carry-over-and-restore');
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', rowsLost: 0 });
    expect(rowsIn(application)).toBe(4);
  });

  it('lets its writers in again when measuring takes longer than they may be held', async () => {
    const application = 'held-too-long';
    const workMs = { apply: '400ms', carry: '1500ms' };
    const handle = await failingSeed({ application, written: 1, database: { workMs }, rollback: { hold: '500ms' } });
    await decide(handle, 'carry-over-and-restore');
    const again = await until(handle, ({ question }) => question?.id === 'loss of database');
    expect(again.question?.why).toContain('held for 0.5 s');
    expect(memoryWorld(worldsOf(application).database).held).toBe(false);
    await decide(handle, 'stay');
    expect(await handle.result()).toMatchObject({ outcome: 'partly-rolled-back' });
  });

  it('is blocked by a copy that cannot be built, and goes back once it can', async () => {
    const application = 'no-copy';
    const faults = [halfSeeded, { verb: 'beside', kind: 'failed', times: 3, message: 'no room' }];
    const handle = await failingSeed({ application, database: { faults }, written: 2 });
    await decide(handle, 'carry-over-and-restore');
    const { question } = await until(handle, (status) => status.question?.kind === 'blocked');
    expect(question?.why).toContain('beside database: no room');
    expect((await statusOf(handle)).held).toEqual({});
    await decide(handle, 'retry');
    expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', rowsLost: 0 });
    expect(rowsIn(application)).toBe(2);
  });

  it('refuses a bound for a choice that undoes nothing', async () => {
    const application = 'bad-bound';
    const handle = await failingSeed({ application, written: 2 });
    await expect(decide(handle, 'stay', { upTo: 3 })).rejects.toThrow();
    await expect(decide(handle, 'restore-database', { upTo: -1 })).rejects.toThrow();
    await decide(handle, 'stay');
    expect(await handle.result()).toMatchObject({ outcome: 'partly-rolled-back' });
  });
});
