import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadPlan } from '../../../src/plan/load.ts';
import type { PlannedStep } from '../../../src/release/plan.ts';
import type { ReleaseResult } from '../../../src/release/status.ts';
import { statusOf } from '../../support/release.ts';
import { ended, eventually, queueOf, type Stage, type World } from '../../support/world.ts';
import { type Journal, type JournalEntry, openJournal } from '../journal.ts';
import { answerQuestions } from '../person.ts';
import { freezes, hitsWorker, type Strike } from '../strike.ts';
import { judgeReal } from './judge.ts';
import { writeOrders } from './orders.ts';
import type { RealScene } from './scenes.ts';
import type { CrashOrder } from './struck-worker.ts';

/** `name`: of the application. */
export type RealCase = { scene: RealScene; name: string; strike: Strike | null };

/** `wrong`: what did not hold in the world · `confirmed`: how many orders users were promised. */
export type RealTold = {
  result: ReleaseResult;
  steps: readonly PlannedStep[];
  entries: JournalEntry[];
  kept: string | null;
  carried: number;
  confirmed: number;
  seconds: number;
  wrong: string[];
};

const script = new URL('./struck-worker.ts', import.meta.url);
const patienceMs = 240_000;
/** A worker that was woken up gets this long to do what it should not. */
const lateMs = 3_000;

/** v1 runs and users order; v2 is released by a worker that is struck on the way, and another one goes on. */
export async function runReal(stage: Stage, { scene, name, strike }: RealCase): Promise<RealTold> {
  const world = await stage.openWorld(name);
  const file = join(world.home, 'crash-order.json');
  const journal = openJournal(join(world.home, 'journal'));
  try {
    await world.startWorker({ script, env: { CRASH_ORDER: file } });
    await world.released('v1');
    await world.write('v2', scene.v2);
    const before = await world.see();
    const order: CrashOrder = { journal: join(world.home, 'journal'), strike };
    await writeFile(file, JSON.stringify(order));
    const startedAt = Date.now();
    const handle = await world.start('v2', scene.options);
    const over = new AbortController();
    const [result] = await Promise.all([
      ended(handle, patienceMs).finally(() => over.abort()),
      strikeFromOutside({ world, journal, strike, file }, over.signal),
      answerQuestions(handle, over.signal),
      writeOrders(world, over.signal),
    ]);
    const seconds = (Date.now() - startedAt) / 1000;
    if (strike !== null && freezes(strike.way)) await sleep(lateMs);
    const status = await statusOf(handle);
    const isOther = strike !== null && result.outcome === scene.whenStruck?.outcome;
    const expected = isOther ? { ...scene, ...scene.whenStruck } : scene;
    const wrong = await judgeReal(
      { scene: expected, stage, world },
      { result, status, before, after: await world.see() },
    );
    const isMissed = strike !== null && journal.entries('struck').length === 0;
    const database = status.restored.find(({ target }) => target === 'database');
    return {
      result,
      steps: await stepsOf(world),
      entries: journal.entries(),
      kept: database?.kept ?? null,
      carried: database?.carried?.carried ?? 0,
      confirmed: world.ledger.entries('confirmed').length,
      seconds,
      wrong: isMissed ? [...wrong, 'was never struck'] : wrong,
    };
  } finally {
    await world.close();
  }
}

type Striking = { world: World; journal: Journal; strike: Strike | null; file: string };

/** A worker that was killed or frozen is replaced; a frozen one is woken up when the other has gone past the point. */
async function strikeFromOutside({ world, journal, strike, file }: Striking, over: AbortSignal): Promise<void> {
  if (strike === null || !hitsWorker(strike.way)) return;
  const [victim] = world.workers;
  const orOver = (isSo: () => boolean): Promise<void> =>
    eventually(() => over.aborted || isSo(), strike.point, patienceMs);
  await orOver(() => journal.entries('struck').length > 0);
  if (over.aborted) return;
  await world.startWorker({ script, env: { CRASH_ORDER: file } });
  if (!freezes(strike.way)) return;
  const isPast = ({ point, pid }: JournalEntry): boolean => point === strike.point && pid !== victim?.pid;
  await orOver(() => journal.entries('answered').some(isPast));
  victim?.thaw();
}

/** The steps of the plan that was released last. */
async function stepsOf({ home, application }: World): Promise<readonly PlannedStep[]> {
  const loaded = await loadPlan(join(home, 'release.yaml'), 'v2', {
    host: application,
    taskQueue: queueOf(application),
  });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.plan.steps;
}
