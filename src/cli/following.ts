import { setTimeout as sleep } from 'node:timers/promises';
import { type ExitCode, endings, exitCodes } from '../release/endings.ts';
import type { ReleaseResult, ReleaseStatus } from '../release/status.ts';
import { resultLines } from '../report/lines.ts';
import { progress, running } from '../report/progress.ts';
import { Asker, type Sitting } from './asking.ts';
import { told } from './failing.ts';
import type { Io } from './io.ts';
import { LastLine } from './last-line.ts';

/** One run, and who follows it. */
export type Following = Sitting & { runId: string; url: string | null };

const lookEveryMs = 300;
/** Temporal itself is asked less often whether the run still goes on. */
const runCheckEveryMs = 3000;

/**
 * Shows a release as it goes on, until it ends or the person detaches with Ctrl-C; the release never notices.
 * Without a terminal SIGINT detaches as well. A worker or server that goes away is waited for.
 */
export async function follow(io: Io, following: Following): Promise<void> {
  const result = await followToEnd(io, following);
  if (result === null) detached(io, following);
  else ended(io, result, { told: true });
}

/** As `follow`, and leaves it to the caller what to say about the end. Null when the person detached. */
export async function followToEnd(io: Io, following: Following): Promise<ReleaseResult | null> {
  const detaching = new AbortController();
  const detach = (): void => detaching.abort();
  process.on('SIGINT', detach);
  const last = new LastLine(io);
  const asker = new Asker(io, following, detach);
  try {
    return await watch(io, following, { last, asker, signal: detaching.signal });
  } finally {
    asker.stop();
    last.clear();
    process.off('SIGINT', detach);
  }
}

type Watching = { last: LastLine; asker: Asker; signal: AbortSignal };

/** Null when the person detached. */
async function watch(io: Io, following: Following, { last, asker, signal }: Watching): Promise<ReleaseResult | null> {
  let before: ReleaseStatus | null = null;
  let checkRunAt = Date.now() + runCheckEveryMs;
  while (!signal.aborted) {
    const now = await lookOnce(io, following, { last, first: before === null });
    if (now !== null) {
      await asker.closeFor(now);
      const lines = progress(before, now);
      if (lines.length > 0) asker.interrupted(() => last.above(lines));
      before = now;
      asker.see(now);
      if (!asker.busy) last.set(now.outcome === null ? running(now, new Date().toISOString()) : null);
    }
    const over = before?.outcome != null || (Date.now() >= checkRunAt && (await hasEnded(following)));
    if (over) return await following.client.result(following.workflowId, following.runId);
    if (Date.now() >= checkRunAt) checkRunAt = Date.now() + runCheckEveryMs;
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
  return null;
}

/** The first look has to work; later ones tell once what is missing and go on. */
async function lookOnce(
  _io: Io,
  following: Following,
  { last, first }: { last: LastLine; first: boolean },
): Promise<ReleaseStatus | null> {
  try {
    const status = await following.client.status(following.workflowId, following.runId);
    last.recovered();
    return status;
  } catch (error) {
    const failure = told(error);
    if (first || failure.exitCode !== exitCodes.unreachable) throw error;
    last.missing(`${failure.message}; waiting for it`);
    return null;
  }
}

async function hasEnded(following: Following): Promise<boolean> {
  try {
    return (await following.client.find(following.workflowId, following.runId))?.running === false;
  } catch {
    return false;
  }
}

function detached(io: Io, { workflowId, runId, url }: Following): void {
  io.say('');
  io.say('Detached; the release goes on. Come back with:');
  io.say(`  savepoint follow ${workflowId}`);
  if (url !== null) io.say(`  ${url}`);
  io.exitCode = exitCodes.stillRunning;
  if (io.json) io.give('', { schemaVersion: 1, workflowId, runId, url, detached: true });
}

/** Prints a result as the verb's data and sets the exit code of its ending. `told`: notes were shown before. */
export function ended(io: Io, result: ReleaseResult, { told: shown = false } = {}): void {
  io.give(resultLines(shown ? { ...result, notes: [] } : result), result);
  io.exitCode = exitCodeOf(result);
}

export function exitCodeOf(result: Pick<ReleaseResult, 'outcome'>): ExitCode {
  return endings[result.outcome].exitCode;
}
