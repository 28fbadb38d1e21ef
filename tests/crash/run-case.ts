import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { stringify } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';
import type { Plan } from '../../src/release/plan.ts';
import type { ReleaseResult } from '../../src/release/status.ts';
import { releaseWorkflowId } from '../../src/workflows/messages.ts';
import type { release } from '../../src/workflows/release.ts';
import type { Handle } from '../support/release.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process-control.ts';
import { type Journal, openJournal } from './journal.ts';
import { answerQuestions } from './person.ts';
import type { Member } from './server.ts';
import { freezes, journalVariable, kills, type Strike, strikeVariable } from './strike.ts';

/** What all cases share. `origin`: of a server that answers every request. */
export type House = { address: string; client: Client; bundle: string; folder: string; origin: string };

/** `name`: of the application, so also of its queue and folder. `server`: kills it once all who wait for that are held. */
export type Case = {
  name: string;
  plan: object;
  strike: Strike | null;
  server?: Member;
};

export type Told = { result: ReleaseResult; plan: Plan; journal: Journal; home: string; seconds: number };

const patienceMs = 240_000;
/** A worker that was woken up gets this long to do what it should not. */
const lateMs = 1_500;

type Running = Case & { house: House; home: string; journal: Journal; workers: WorkerProcess[] };

/** Releases once, with workers of its own, and does what the strike asks for from outside. */
export async function runCase(house: House, given: Case): Promise<Told> {
  const home = join(house.folder, given.name);
  await mkdir(home, { recursive: true });
  const running: Running = { ...given, house, home, journal: openJournal(join(home, 'journal')), workers: [] };
  const startedAt = Date.now();
  try {
    const plan = await loadCase(running);
    await Promise.all(Array.from({ length: given.strike?.way === 'one of two killed' ? 2 : 1 }, () => serve(running)));
    const handle = await start(running, plan);
    const over = new AbortController();
    const [result] = await Promise.all([
      ended(handle).finally(() => over.abort()),
      handleStrike(running, over.signal),
      answerQuestions(handle, over.signal),
    ]);
    for (const worker of running.workers) worker.thaw();
    if (given.strike !== null && freezes(given.strike.way)) await sleep(lateMs);
    return { result, plan, journal: running.journal, home, seconds: (Date.now() - startedAt) / 1000 };
  } finally {
    given.server?.over();
    await Promise.all(running.workers.map((worker) => worker.kill()));
  }
}

/** The normalised plan of a case, whose folder must be there. */
export async function loadCase({ name, plan, home }: Pick<Running, 'name' | 'plan' | 'home'>): Promise<Plan> {
  const file = join(home, 'release.yaml');
  await writeFile(file, stringify(plan));
  const loaded = await loadPlan(file, 'v2', { host: name, taskQueue: name });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.plan;
}

async function start({ house, name }: Running, plan: Plan): Promise<Handle> {
  return await house.client.workflow.start<typeof release>('release', {
    workflowId: releaseWorkflowId(plan.application, plan.environment),
    taskQueue: name,
    workflowIdConflictPolicy: 'FAIL',
    args: [
      {
        plan,
        planDigest: 'sha256:crash',
        requester: 'deployment-lead',
        preApproved: { by: 'product-owner', reason: 'a test' },
        windowOverride: null,
        continuation: { as: 'fresh' },
        previousRunId: null,
      },
    ],
  });
}

/** The first one is struck; whoever comes after it only tells the journal. */
async function serve({ house, name, home, strike, workers }: Running): Promise<void> {
  const words = { address: house.address, host: name, taskQueue: name, bundle: house.bundle };
  const isFirst = workers.length === 0 || strike?.way === 'one of two killed';
  const struck = strike !== null && isFirst ? { [strikeVariable]: JSON.stringify(strike) } : {};
  const script = new URL('./worker.ts', import.meta.url);
  workers.push(await startWorkerProcess({ ...words, script }, { [journalVariable]: join(home, 'journal'), ...struck }));
}

async function handleStrike(running: Running, over: AbortSignal): Promise<void> {
  const { strike, journal, workers } = running;
  if (strike === null || strike.way === 'one of two killed' || strike.way === 'answer lost') return;
  const [victim] = workers;
  if (kills(strike.way)) {
    await until(() => journal.entries('struck').length > 0, over);
    await victim?.gone;
    if (!over.aborted) await serve(running);
    return;
  }
  if (strike.way === 'server killed') {
    await until(() => journal.entries('held').length > 0, over);
    if (!over.aborted) await running.server?.held();
    journal.letGo();
    return;
  }
  await until(() => journal.entries('struck').length > 0, over);
  await serve(running);
  const isPast = (): boolean =>
    journal.entries('answered').some(({ point, pid }) => point === strike.point && pid !== victim?.pid);
  await until(isPast, over);
  victim?.thaw();
}

async function until(isSo: () => boolean, over: AbortSignal): Promise<void> {
  while (!over.aborted && !isSo()) await sleep(20);
}

/** The result, however often the server goes away meanwhile. */
async function ended(handle: Handle): Promise<ReleaseResult> {
  const late = new Error(`not over after ${patienceMs / 1000} s`);
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(200)) {
    const overdue = sleep(deadline - Date.now(), late, { ref: false });
    const result = await Promise.race([handle.result(), overdue]).catch((error: unknown) => {
      if (error instanceof WorkflowFailedError) throw error;
      return null;
    });
    if (result === late) break;
    if (result !== null && !(result instanceof Error)) return result;
  }
  throw late;
}
