import { setTimeout as sleep } from 'node:timers/promises';
import type { ReleaseClient } from '../client.ts';
import type { Certificate } from '../release/certificate.ts';
import { caseInWords } from '../release/drill.ts';
import type { DrillStatus } from '../release/drill-status.ts';
import { type ExitCode, exitCodes } from '../release/endings.ts';
import { caseLine, certificateLines } from '../report/certificate.ts';
import { told } from './failing.ts';
import type { Io } from './io.ts';
import { LastLine } from './last-line.ts';

/** One drill, and who follows it. `releaseId`: workflow id of its releases. */
export type FollowingDrill = { client: ReleaseClient; workflowId: string; runId: string; releaseId: string };

const lookEveryMs = 500;

/** Shows each case as it ends, then the table. Ctrl-C detaches; the drill goes on. */
export async function followDrill(io: Io, following: FollowingDrill): Promise<void> {
  const detaching = new AbortController();
  const detach = (): void => detaching.abort();
  process.on('SIGINT', detach);
  const last = new LastLine(io);
  try {
    const ended = await watchDrill(io, following, { last, signal: detaching.signal });
    last.clear();
    if (ended === null) detached(io, following);
    else showCertificate(io, ended);
  } finally {
    last.clear();
    process.off('SIGINT', detach);
  }
}

type Watching = { last: LastLine; signal: AbortSignal };

async function watchDrill(io: Io, following: FollowingDrill, { last, signal }: Watching): Promise<DrillStatus | null> {
  const { client, workflowId, runId } = following;
  const seen: Seen = { cases: 0, question: null };
  while (!signal.aborted) {
    const status = await lookOnce(following, last);
    if (status !== null) {
      last.above(status.cases.slice(seen.cases).map(caseLine));
      seen.cases = status.cases.length;
      last.set(status.running === null ? 'looking at the targets' : caseInWords(status.running));
      if (status.certificate !== null) return status;
      await tellQuestion(io, following, seen);
    }
    if ((await client.find(workflowId, runId).catch(() => null))?.running === false) {
      // Fails where it ended without a certificate; else the next look shows it.
      await client.certificate(workflowId, runId);
      continue;
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
  return null;
}

async function lookOnce({ client, workflowId, runId }: FollowingDrill, last: LastLine): Promise<DrillStatus | null> {
  try {
    const status = await client.drillStatus(workflowId, runId);
    last.recovered();
    return status;
  } catch (error) {
    const failure = told(error);
    if (failure.exitCode !== exitCodes.unreachable) throw error;
    last.missing(`${failure.message}; waiting for it`);
    return null;
  }
}

type Seen = { cases: number; question: string | null };

/** What only people can answer stops a drill; whoever follows it should hear of it once. */
async function tellQuestion(io: Io, { client, releaseId }: FollowingDrill, seen: Seen): Promise<void> {
  const status = await client.status(releaseId).catch(() => null);
  const question = status?.drill === undefined ? null : status.question;
  if (question === null || question.kind === 'failure' || question.kind === 'abort') return;
  const id = `${status?.runId} ${question.id}`;
  if (seen.question === id) return;
  seen.question = id;
  io.say(`${releaseId} waits for people: ${question.text}. Answer it with: savepoint follow ${releaseId}`);
}

function detached(io: Io, { workflowId, runId }: FollowingDrill): void {
  io.say('');
  io.say('Detached; the drill goes on. Come back with: savepoint drill --attach');
  io.exitCode = exitCodes.stillRunning;
  if (io.json) io.give('', { schemaVersion: 1, workflowId, runId, detached: true });
}

function showCertificate(io: Io, { certificate, files }: DrillStatus): void {
  if (certificate === null) return;
  io.give(certificateLines(certificate), { ...certificate, files });
  for (const file of files) io.say(`written: ${file}`);
  io.exitCode = exitCodeOf(certificate);
}

function exitCodeOf({ passed }: Certificate): ExitCode {
  return passed ? exitCodes.released : exitCodes.personNeeded;
}
