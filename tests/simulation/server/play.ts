import { type Client, WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { undoesRows } from '../../../src/release/answering.ts';
import type { Plan } from '../../../src/release/plan.ts';
import type { Outcome, Question, ReleaseStatus } from '../../../src/release/status.ts';
import { memoryWorld, writeRows } from '../../../src/targets/memory/world.ts';
import {
  abortUpdate,
  approveUpdate,
  type Continuation,
  decideUpdate,
  pauseUpdate,
  type ReleaseInput,
  rejectUpdate,
  releaseWorkflowId,
  rollbackUpdate,
} from '../../../src/workflows/messages.ts';
import type { release } from '../../../src/workflows/release.ts';
import { type Handle, statusOf } from '../../support/release.ts';
import { type Act, named, type Script, worldOf } from './script.ts';

/** What happened between people and one release; judged together with the worlds. */
export type Played = {
  plan: Plan;
  /** One for each run of the environment, the last one last. */
  outcomes: (Outcome | 'terminated')[];
  status: ReleaseStatus | null;
  /** What may be undone, by the plan where a run starts and by people from then on: the last one counts. */
  agreed: Agreed[];
  /** Rows that users wrote and that were accepted, by target. */
  written: Record<string, number>;
  /** What must not have been accepted, or never ended. */
  wrong: string[];
  log: string[];
};

/** `rows`: how many may be undone. `choice`: null where it is the word of the plan. `at`: as of effects. */
export type Agreed = { choice: string | null; rows: number; at: number };

/** `signal`: aborted when nobody waits for the run any more. */
export type Stage = { environment: TestWorkflowEnvironment; client: Client; signal: AbortSignal };

type Playing = Stage & { played: Played; handle: Handle };

/** After 60 turns people only try to bring it to an end. */
const lastTurn = 140;

/** Starts the release of a script and plays its acts until it has ended. */
export async function play(stage: Stage, script: Script, application: string): Promise<Played> {
  const plan = named(script, application);
  const played: Played = { plan, outcomes: [], status: null, agreed: [byPlan(plan)], written: {}, wrong: [], log: [] };
  let playing: Playing = { ...stage, played, handle: await start(stage, plan) };
  const acts = [...script.acts];
  for (let turn = 0; turn < lastTurn; turn += 1) {
    stage.signal.throwIfAborted();
    if (await hasEnded(playing)) return played;
    const act = acts.shift() ?? lastResort(turn);
    if (await tooEarly(playing, act)) await stage.environment.sleep(200);
    else if (act.do === 'terminate') playing = await terminate(playing, act.next);
    else await perform(playing, act);
    await stage.environment.sleep(act.do === 'wait' ? act.ms : 600);
  }
  const status = await statusOf(playing.handle);
  played.wrong.push(
    `does not end: ${status.phase}, ${status.question?.id}: ${JSON.stringify(status.timeline.slice(-4))}`,
  );
  await playing.handle.terminate('the simulation gave up');
  return played;
}

function byPlan({ rollback: { dataLoss = 'ask' } }: Plan): Agreed {
  return { choice: null, rows: typeof dataLoss === 'string' ? 0 : dataLoss.rows, at: clock() };
}

/** As effects have it, so that both can be put in order. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

function lastResort(turn: number): Act {
  if (turn > 60 && turn % 10 === 0) return { do: 'answer', which: -1, upTo: 1000 };
  return turn % 3 === 2 ? { do: 'wait', ms: 31 * 60_000 } : { do: 'answer', which: turn % 4, upTo: 1000 };
}

async function start(stage: Stage, plan: Plan, more: Partial<ReleaseInput> = {}): Promise<Handle> {
  const input: ReleaseInput = {
    plan,
    planDigest: 'sha256:simulated',
    requester: 'deployment-lead',
    preApproved: null,
    windowOverride: null,
    continuation: { as: 'fresh' },
    previousRunId: null,
    ...more,
  };
  return await stage.client.workflow.start<typeof release>('release', {
    workflowId: releaseWorkflowId(plan.application, plan.environment),
    taskQueue: plan.taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'FAIL',
  });
}

async function hasEnded(playing: Playing): Promise<boolean> {
  const { status } = await playing.handle.describe();
  if (status.name === 'RUNNING') return false;
  const { handle, played } = playing;
  played.status = await sent(playing, statusOf(handle));
  try {
    played.outcomes.push((await handle.result()).outcome);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    played.outcomes.push(played.status.outcome ?? 'terminated');
    if (played.status.outcome !== 'abandoned') played.wrong.push(`the workflow failed: ${error.cause?.message}`);
  }
  return true;
}

/** Somebody kills the run. The next start is refused while anything is left half way; `--restore` or `--resume` takes over. */
async function terminate(playing: Playing, next: 'restore' | 'resume'): Promise<Playing> {
  const { handle, played } = playing;
  const before = await sent(playing, statusOf(handle));
  try {
    await handle.terminate('simulated');
  } catch (error) {
    // It ended by itself while somebody was about to kill it.
    if (error instanceof WorkflowNotFoundError) return playing;
    throw error;
  }
  played.outcomes.push('terminated');
  played.log.push(`terminated in ${before.phase}, then ${next}`);
  const isDirty = before.changed.length > 0 || Object.keys(before.held).length > 0;
  const continuation: Continuation = isDirty ? { as: next, reason: 'simulated' } : { as: 'fresh' };
  const run = await start(playing, played.plan, { continuation, previousRunId: handle.firstExecutionRunId });
  played.agreed.push(byPlan(played.plan));
  return { ...playing, handle: run };
}

/**
 * The test server never gets over a cancellation of the very first activity, and has no list in which a run could find
 * the one before the last: so nothing is halted before that activity has ended.
 */
const halts: readonly Act['do'][] = ['abort', 'roll-back', 'cancel', 'terminate'];

async function tooEarly(playing: Playing, act: Act): Promise<boolean> {
  return halts.includes(act.do) && (await sent(playing, statusOf(playing.handle))).phase === 'starting';
}

async function perform(playing: Playing, act: Exclude<Act, { do: 'terminate' }>): Promise<void> {
  const { handle, played } = playing;
  const by = 'product-owner';
  const reason = 'simulated';
  switch (act.do) {
    case 'wait':
      return;
    case 'write':
      return write(played, act.rows);
    case 'abort':
      return await accepted(playing, 'abort', () =>
        handle.executeUpdate(abortUpdate, {
          args: [{ by, reason, ...(act.goBack === null ? {} : { goBack: act.goBack }) }],
        }),
      );
    case 'roll-back':
      return await accepted(playing, 'rollback', () =>
        handle.executeUpdate(rollbackUpdate, { args: [{ by, reason }] }),
      );
    case 'pause':
      return await accepted(playing, 'pause', () => handle.executeUpdate(pauseUpdate, { args: [{ by, forMs: 5000 }] }));
    case 'cancel':
      return await accepted(playing, 'cancel', () => handle.cancel());
    case 'second-start':
      return await startTwice(playing);
    default:
      return await answer(playing, act);
  }
}

/**
 * The test server loses a workflow task that cancels an activity which has just ended, and gives it out again after ten
 * seconds. So time passes while a message is on its way.
 */
async function sent<T>({ environment, signal }: Stage, message: Promise<T>): Promise<T> {
  let settled = false;
  const done = (): void => {
    settled = true;
  };
  message.then(done, done);
  await new Promise((resolve) => setTimeout(resolve, 40));
  while (!settled) {
    signal.throwIfAborted();
    await environment.sleep(2000);
  }
  return await message;
}

/** What was refused changes nothing; the validators' reasons are tested elsewhere. */
async function accepted(playing: Playing, what: string, send: () => Promise<unknown>): Promise<void> {
  const { played } = playing;
  try {
    await sent(playing, send());
    played.log.push(what);
  } catch {
    played.log.push(`${what} was refused`);
  }
}

function write(played: Played, rows: number): void {
  for (const { name, traits } of played.plan.targets) {
    const world = worldOf(played.plan.application, name);
    if (!traits.stores || memoryWorld(world).effects.length === 0) continue;
    const before = memoryWorld(world).state.rows;
    const after = writeRows(world, rows).state.rows;
    played.written[name] = (played.written[name] ?? 0) + after - before;
    played.log.push(`${after - before} rows into ${name}`);
  }
}

async function startTwice(playing: Playing): Promise<void> {
  const { status } = await playing.handle.describe();
  if (status.name !== 'RUNNING') return;
  try {
    const second = await start(playing, playing.played.plan);
    const first = await playing.handle.describe();
    if (first.status.name === 'RUNNING') playing.played.wrong.push('a second release runs beside the first');
    await second.terminate('simulated');
  } catch {
    playing.played.log.push('a second start was refused');
  }
}

type Answering = Extract<Act, { do: 'answer' | 'wrong-person' | 'wrong-choice' | 'wrong-question' | 'on-it' }>;

async function answer(playing: Playing, act: Answering): Promise<void> {
  const { handle, played } = playing;
  const { question } = await sent(playing, statusOf(handle));
  if (question === null) return;
  const right =
    act.do === 'answer' ? choiceOf(question, act.which) : act.do === 'on-it' ? 'on-it' : question.choices[0]?.id;
  const by = act.do === 'wrong-person' ? 'intern' : 'product-owner';
  const choice = act.do === 'wrong-choice' ? 'drop-everything' : (right ?? 'nothing');
  const id = act.do === 'wrong-question' ? `${question.id} of yesterday` : question.id;
  const at = clock();
  const bound = act.do === 'answer' && undoesRows(choice) ? act.upTo : null;
  try {
    if (question.kind === 'go-no-go') await sent(playing, answerGate(handle, { question, by, choice, id }));
    else {
      const upTo = bound === null ? {} : { upTo: bound };
      const body = { by, question: id, choice, reason: 'simulated', ...upTo };
      await sent(playing, handle.executeUpdate(decideUpdate, { args: [body] }));
    }
    if (act.do.startsWith('wrong')) played.wrong.push(`${act.do} was accepted for ${question.id}`);
    if (undoesRows(choice)) played.agreed.push({ choice, rows: bound ?? (await shown(playing, id, choice)), at });
    played.log.push(`${question.id}: ${choice} of ${question.choices.map((each) => each.id).join(', ')}`);
  } catch (error) {
    played.log.push(`${question.id}: ${choice} was refused: ${reasonOf(error)}`);
  }
}

/** Who names no number agrees to what the question showed; of rows that are carried over, to none. */
async function shown(playing: Playing, id: string, choice: string): Promise<number> {
  if (choice === 'carry-over-and-restore') return 0;
  const { answered, question } = await sent(playing, statusOf(playing.handle));
  const asked = [...answered, question].find((each) => each?.id === id);
  return (asked?.losses ?? []).reduce((sum, { loss }) => sum + loss.rows, 0);
}

/** -1: the last one offered, which gives up where nothing else helps. */
function choiceOf({ choices }: Question, which: number): string | undefined {
  return which < 0 ? choices.at(-1)?.id : choices[which % Math.max(1, choices.length)]?.id;
}

type Gate = { question: Question; by: string; choice: string; id: string };

async function answerGate(handle: Handle, { question, by, choice, id }: Gate): Promise<void> {
  const digest = id === question.id ? (question.digest ?? '') : 'sha256:of-yesterday';
  if (choice === 'reject') await handle.executeUpdate(rejectUpdate, { args: [{ by, reason: 'simulated' }] });
  else await handle.executeUpdate(approveUpdate, { args: [{ by: choice === 'approve' ? by : 'nobody', digest }] });
}

function reasonOf(error: unknown): string {
  const said = error instanceof WorkflowUpdateFailedError ? error.cause : error;
  return said instanceof Error ? said.message : String(said);
}
