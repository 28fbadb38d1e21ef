import type { Command } from 'commander';
import type { Seen } from '../../client/reading.ts';
import type { ReleaseClient } from '../../client.ts';
import { type ExitCode, endings, exitCodes } from '../../release/endings.ts';
import type { ReleaseStatus } from '../../release/status.ts';
import { moment } from '../../release/wording.ts';
import { type Line, resultLines } from '../../report/lines.ts';
import { statusLines } from '../../report/standing.ts';
import { told, UsageError } from '../failing.ts';
import { exitCodeOf } from '../following.ts';
import type { Io } from '../io.ts';
import { type PlaceOptions, releasePlace, withClient, withPlace } from '../place.ts';

export function define(command: Command, io: Io): void {
  withPlace(command).action(async (release: string | undefined, options: PlaceOptions) => {
    const { workflowId, runId } = await releasePlace(io, release, options);
    await withClient(async (client) => {
      const run = await client.find(workflowId, runId);
      if (run === null) throw noRelease(client, workflowId);
      await showStatus(io, client, run);
    });
  });
}

export function noRelease(client: ReleaseClient, workflowId: string): UsageError {
  const where = `namespace "${client.namespace}" at ${client.address}`;
  return new UsageError(`there is no release "${workflowId}" in ${where}`, 'savepoint list --all shows what there is.');
}

async function showStatus(io: Io, client: ReleaseClient, run: Seen): Promise<void> {
  try {
    const status = await client.status(run.workflowId, run.runId);
    const where: Line[] = run.url === null ? [] : [{ tone: 'quiet', text: run.url }];
    io.give([...shownLines(run, status), ...where], { ...status, url: run.url });
    io.exitCode = statusExitCode(run, status);
  } catch (error) {
    if (told(error).exitCode !== exitCodes.unreachable) throw error;
    if (run.running) throw withWhatIsKnown(io, run, error);
    const result = await client.result(run.workflowId, run.runId);
    io.give(resultLines(result), result);
    io.exitCode = exitCodeOf(result);
  }
}

/** A run that was ended from outside keeps the status of its last moment, which looks as if it still went on. */
function shownLines(run: Seen, status: ReleaseStatus): Line[] {
  if (run.running || status.outcome !== null) return statusLines(status);
  const untouched = status.changed.length === 0 && Object.keys(status.held).length === 0;
  const remedy = untouched
    ? 'nothing was changed yet: start it again'
    : `look after ${status.changed.join(', ') || 'what is held'}: start again with --resume, --restore or --accept-dirty and a reason`;
  return [
    ...statusLines({ ...status, question: null, waitingFor: null, pausedUntil: null }),
    {
      tone: 'bad',
      text: `■ ${run.state} ${run.endedAt === null ? '' : `${moment(run.endedAt)} `}before it came to an end`,
    },
    { tone: 'plain', text: `    → ${remedy}` },
  ];
}

/** A run that was ended from outside has no outcome; somebody has to look after what it left. */
function statusExitCode(run: Seen, status: ReleaseStatus): ExitCode {
  if (status.outcome !== null) return endings[status.outcome].exitCode;
  if (!run.running || status.question !== null) return exitCodes.personNeeded;
  return exitCodes.stillRunning;
}

/** Without a worker nobody can tell more than what Temporal keeps. */
function withWhatIsKnown(io: Io, run: Seen, error: unknown): unknown {
  const phase = run.phase === null ? '' : `, phase ${run.phase}`;
  io.say(
    `${run.workflowId} ${run.version ?? ''} runs since ${run.startedAt}${phase}, asked for by ${run.requester ?? 'somebody'}`,
  );
  return error;
}
