import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { stringify } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';
import type { Plan } from '../../src/release/plan.ts';
import type { ReleaseResult } from '../../src/release/status.ts';
import { writeRows } from '../../src/targets/memory/world.ts';
import { releaseWorkflowId } from '../../src/workflows/messages.ts';
import type { release } from '../../src/workflows/release.ts';
import { type Handle, statusOf } from '../support/release.ts';
import { type Host, type Serving, startHost } from './hosts.ts';
import { type Journal, openJournal } from './journal.ts';
import { answerQuestions } from './person.ts';
import type { Member } from './server.ts';
import { freezes, hitsWorker, kills, type Strike } from './strike.ts';

/** What all cases share. `origin`: of a server that answers every request · `host`: a worker process that nobody strikes. */
export type House = { address: string; client: Client; bundle: string; folder: string; origin: string; host: Host };

/** `name`: of the application, so also of its queue and folder. `server`: kills it once all who wait for that are held. */
export type Case = {
  name: string;
  plan: object;
  strike: Strike | null;
  /** Rows that users write to the database after its savepoint was taken. */
  rows: number;
  server?: Member;
};

export type Told = { result: ReleaseResult; plan: Plan; journal: Journal; home: string; seconds: number };

const patienceMs = 240_000;
/** A worker that was woken up gets this long to do what it should not. */
const lateMs = 1_500;

/** `victims`: worker processes of this case alone. */
type Running = Case & { house: House; home: string; journal: Journal; victims: Host[] };

/** Releases once, with workers of its own, and does what the strike asks for from outside. */
export async function runCase(house: House, given: Case): Promise<Told> {
  const home = join(house.folder, given.name);
  await mkdir(home, { recursive: true });
  const running: Running = { ...given, house, home, journal: openJournal(join(home, 'journal')), victims: [] };
  const startedAt = Date.now();
  try {
    const plan = await loadCase(running);
    await serveFirst(running);
    const handle = await onceKnown(() => start(running, plan));
    const over = new AbortController();
    const [result] = await Promise.all([
      ended(handle).finally(() => over.abort()),
      handleStrike(running, over.signal),
      answerQuestions(handle, over.signal),
      writeAfterSavepoint(running, over.signal),
    ]);
    for (const victim of running.victims) victim.thaw();
    if (given.strike !== null && freezes(given.strike.way)) await sleep(lateMs);
    return { result, plan, journal: running.journal, home, seconds: (Date.now() - startedAt) / 1000 };
  } finally {
    given.server?.over();
    await Promise.allSettled([...running.victims.map((victim) => victim.kill()), house.host.leave(given.name)]);
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

/** A server that has just come back answers before it knows its namespace. */
async function onceKnown<T>(begin: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await begin();
    } catch (error) {
      if (tries === 20 || !String(error).includes('Namespace not found')) throw error;
      await sleep(250);
    }
  }
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

/** A strike that hits a worker hits a process that was started for it. */
async function serveFirst(running: Running): Promise<void> {
  const { house, strike, victims } = running;
  if (strike === null || !hitsWorker(strike.way)) return await house.host.serve(servingOf(running, strike));
  for (let count = strike.way === 'one of two killed' ? 2 : 1; count > 0; count -= 1) victims.push(startHost());
  await Promise.all(victims.map((victim) => victim.serve(servingOf(running, strike))));
}

function servingOf({ house: { address, bundle }, name, home }: Running, strike: Strike | null): Serving {
  return { address, bundle, queue: name, journal: join(home, 'journal'), strike };
}

async function handleStrike(running: Running, over: AbortSignal): Promise<void> {
  const { strike, journal, victims, house } = running;
  const [victim] = victims;
  if (strike === null || strike.way === 'one of two killed' || strike.way === 'answer lost') return;
  await until(() => journal.entries().some(({ what }) => what === 'struck' || what === 'held'), over);
  if (over.aborted) return;
  if (strike.way === 'server killed') {
    await running.server?.held();
    journal.letGo();
    return;
  }
  if (kills(strike.way)) await victim?.gone;
  await house.host.serve(servingOf(running, null));
  if (kills(strike.way)) return;
  const isPast = (): boolean =>
    journal.entries('answered').some(({ point, pid }) => point === strike.point && pid !== victim?.pid);
  await until(isPast, over);
  victim?.thaw();
}

async function writeAfterSavepoint({ rows, journal, home }: Running, over: AbortSignal): Promise<void> {
  if (rows === 0) return;
  await until(() => journal.entries('answered').some(({ point }) => point === 'snapshot database'), over);
  writeRows('database', rows, join(home, 'database.world'));
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
  const { phase, question, timeline } = await statusOf(handle);
  await handle.terminate('a test gave up');
  late.message += `: ${phase}, asks ${question?.why}: ${JSON.stringify(timeline.slice(-4))}`;
  throw late;
}
