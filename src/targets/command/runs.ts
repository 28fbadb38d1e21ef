import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { Call } from '../../release/target.ts';
import { claimFence, type Fence, fileNameOf, pathFrom, placeFile, readJson, shortHash } from '../shell/files.ts';
import { forgetJob, lookAtJob } from '../shell/job.ts';
import { endAll, findMarked, type Markers } from '../shell/processes.ts';
import { type Ran, runCommand } from '../shell/run.ts';
import { lastLines } from '../shell/tail.ts';
import type { CommandSpec } from './command.schema.ts';

export type CommandCall = Call<CommandSpec>;

/** One command of the user's for one verb. `undoes`: verbs whose earlier runs no longer stand once this one is done. */
export type Order = {
  verb: string;
  command: readonly string[];
  env: Record<string, string>;
  repeatable: boolean;
  undoes: readonly string[];
};

type Record_ = { verb: string; state: 'began' | 'done' | 'unknown'; said: Json };

export type Attempt = { call: CommandCall; root: string; fence: Fence };

function rootOf({ spec, home, application, environment, target }: CommandCall): string {
  return join(pathFrom(home, spec.records), fileNameOf(`${application}-${environment}-${target}`));
}

function markersOf(root: string): Markers {
  return { SAVEPOINT_ROOT: root, SAVEPOINT_ROLE: 'command' };
}

/** Ends what an earlier attempt of any verb left running; commands of this worker's own attempt are let be. */
export async function begin(call: CommandCall): Promise<Attempt> {
  call.signal.throwIfAborted();
  const root = rootOf(call);
  return { call, root, fence: await claimFence(root, call.fence) };
}

function recordFile({ call, root }: Attempt, verb: string): string {
  return join(root, 'runs', `${fileNameOf(verb)}-${shortHash(call.key)}.json`);
}

/** Environment of every command; values of the plan come first, so that nothing can pretend to be Savepoint. */
export function environmentOf(
  call: CommandCall,
  verb: string,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    ...call.spec.env,
    ...markersOf(rootOf(call)),
    SAVEPOINT_VERB: verb,
    SAVEPOINT_APPLICATION: call.application,
    SAVEPOINT_ENVIRONMENT: call.environment,
    SAVEPOINT_TARGET: call.target,
    SAVEPOINT_RELEASE: call.release,
    SAVEPOINT_KEY: call.key,
    SAVEPOINT_FENCE: String(call.fence),
    ...more,
  };
}

/** Runs a command that changes nothing. */
export function ask(
  call: CommandCall,
  verb: string,
  command: readonly string[],
  more: Record<string, string> = {},
): Promise<Ran> {
  const { timeout } = call.spec;
  const env = environmentOf(call, verb, more);
  return runCommand({ command, cwd: call.home, env, timeoutMs: timeout, signal: call.signal });
}

/**
 * Runs a command once for its key. What an interrupted run did is asked from `status`, or is not known.
 *
 * @returns null while it runs, else what the last line of its stdout said
 * @throws TargetFailure `failed` or `timed-out` with the end of its output; `unknown` once, after that it runs again
 */
export async function runOnce(attempt: Attempt, order: Order): Promise<{ value: Json } | null> {
  const { call } = attempt;
  const known = (await readJson(recordFile(attempt, order.verb))) as Record_ | undefined;
  const name = `${order.verb} ${call.key}`;
  if (known?.state === 'done') {
    forgetJob(`command ${name}`);
    newest.delete(name);
    return { value: known.said };
  }
  newest.set(name, attempt);
  const ended = await lookAtJob(`command ${name}`, call.signal, () => firstOrAgain(attempt, order, known));
  if (ended !== null) newest.delete(name);
  return ended;
}

async function firstOrAgain(attempt: Attempt, order: Order, known: Record_ | undefined): Promise<Json> {
  await endAll(() => findMarked(markersOf(attempt.root)), 5_000);
  if (known?.state === 'began' && !order.repeatable) {
    const became = await whatBecame(attempt, order);
    if (became === 'done') return finish(attempt, order, null);
    if (became === 'unknown') await notKnown(attempt, order);
  }
  await forget(attempt, order.undoes);
  await keep(attempt, order, { verb: order.verb, state: 'began', said: null });
  const { call } = attempt;
  const { timeout } = call.spec;
  const ran = await runCommand({ ...order, cwd: call.home, timeoutMs: timeout, signal: call.signal });
  if (ran.exitCode === 0) return finish(attempt, order, saidBy(ran));
  // It came to an end and said how: whoever tries again may run it again.
  await rm(recordFile(attempt, order.verb), { force: true });
  const how = ran.timedOut
    ? `took longer than ${timeout} ms and was ended`
    : `ended with ${ran.exitCode ?? ran.signal}`;
  const evidence = lastLines(ran.output);
  throw new TargetFailure(ran.timedOut ? 'timed-out' : 'failed', `${order.verb} of ${call.target} ${how}`, {
    evidence,
  });
}

async function whatBecame({ call }: Attempt, order: Order): Promise<'done' | 'never ran' | 'unknown'> {
  if (call.spec.status === null) return 'unknown';
  const { exitCode } = await ask(call, order.verb, call.spec.status);
  if (exitCode === 0) return 'done';
  return exitCode === 3 ? 'never ran' : 'unknown';
}

async function notKnown(attempt: Attempt, order: Order): Promise<never> {
  const { call } = attempt;
  await keep(attempt, order, { verb: order.verb, state: 'unknown', said: null });
  const what = `${order.verb} of ${call.target} was interrupted, and a command cannot be asked what it did`;
  throw new TargetFailure('unknown', what, {
    remedy:
      'look at the target; trying again runs the command again. A `status` command would have told, or `repeatable: true`',
  });
}

async function finish(attempt: Attempt, order: Order, said: Json): Promise<Json> {
  await keep(attempt, order, { verb: order.verb, state: 'done', said });
  return said;
}

/** Before it begins, and not when it ends: half a change takes a restore back just as well. */
async function forget({ root }: Attempt, verbs: readonly string[]): Promise<void> {
  const folder = join(root, 'runs');
  const names = await readdir(folder).catch(() => []);
  const undone = names.filter((name) => verbs.some((verb) => name.startsWith(`${fileNameOf(verb)}-`)));
  for (const name of undone) await rm(join(folder, name), { force: true });
}

/** A command may end after a newer look of the same worker took over; what it did is then written under the newer fence. */
const newest = new Map<string, Attempt>();

async function keep(attempt: Attempt, order: Order, record: Record_): Promise<void> {
  const name = `${order.verb} ${attempt.call.key}`;
  const place = ({ fence }: Attempt) => placeFile(fence, recordFile(attempt, order.verb), JSON.stringify(record));
  const known = newest.get(name) ?? attempt;
  await place(known).catch(async (error: unknown) => {
    // A look of this worker may be between claiming its fence and saying so.
    await sleep(200);
    const newer = newest.get(name) ?? known;
    if (newer === known) throw error;
    await place(newer);
  });
}

/** The last line of stdout: as JSON when it is some, else as text. */
export function saidBy(ran: Ran): Json {
  const line = ran.stdout.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as Json;
  } catch {
    return line === '' ? null : line;
  }
}
