import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ReleaseClient } from '../../client.ts';
import { loadPlan } from '../../plan/load.ts';
import type { ReleaseResult } from '../../release/status.ts';
import type { Guarded } from '../guarded.ts';
import { isFree } from '../ports.ts';
import { type DevServer, startDevServer } from '../temporal.ts';
import type { Intended } from './intended.ts';
import { startOwnProgram } from './own-program.ts';
import { type Told, tellStory } from './story.ts';
import { shopDirectory } from './versions.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** A release that was started and is to be followed to its end. `person` may answer its gate. */
export type Begun = { client: ReleaseClient; workflowId: string; runId: string; url: string | null; person: string };

export type DemoOptions = {
  /** Says go at every go/no-go. */
  yes: boolean;
  /** A remark for people. */
  say(line: string): void;
  /** What is released, default all. */
  wanted?: readonly Intended[];
  /** Resolves when the person wants to stop. */
  stopped: Promise<unknown>;
  /** Shows a release as it goes on; null when the person wants to stop. */
  follow(begun: Begun): Promise<ReleaseResult | null>;
  /** Called when the whole story is told, before everything is stopped. */
  afterwards(still: { workspace: Workspace; temporalUi: string | null }): Promise<void>;
};

const requester = 'deployment-lead';
const approver = 'product-owner';
const workerWaitMs = 60_000;

/** Sets everything up, tells the story, and stops what it started, however it ends. */
export async function runDemo(options: DemoOptions): Promise<Told> {
  const stops: ((keep: boolean) => Promise<void>)[] = [];
  let keep = true;
  onlyHere();
  try {
    options.say('Starting Temporal, PostgreSQL, a worker and the shop …');
    const [server, workspace] = await together(
      startTemporal(options.say).then((started) => {
        stops.push(() => started.stop());
        return started;
      }),
      openWorkspace().then((opened) => {
        stops.push(async (kept) => {
          await opened.close(kept);
          if (kept) options.say(`Files and logs are kept in ${opened.home}`);
        });
        return opened;
      }),
    );
    const worker = await startDemoWorker(server, workspace);
    stops.push(() => worker.stop());
    const client = await connect({ address: server.address, namespace: server.namespace, identity: requester });
    stops.push(() => client.close());
    for (const line of addressLines(server)) options.say(line);
    const told = await tellStory({
      workspace,
      say: options.say,
      release: releaser(options, { client, workspace }),
      ...(options.wanted === undefined ? {} : { wanted: options.wanted }),
    });
    if (!told.stopped) await options.afterwards({ workspace, temporalUi: server.uiUrl });
    keep = told.complaints.length > 0 && !told.stopped;
    return told;
  } finally {
    for (const stop of stops.reverse()) await stop(keep).catch((error: Error) => options.say(error.message));
  }
}

/** The demo is about its own Temporal, whatever the environment and `temporal.toml` say of another one. */
function onlyHere(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('TEMPORAL_') && name !== 'TEMPORAL_CLI') delete process.env[name];
  }
  process.env.TEMPORAL_CONFIG_FILE = join(shopDirectory, 'there-is-no-temporal.toml');
}

/** Waits for both also when one fails, so that what the other one started is known and stopped. */
async function together<One, Other>(one: Promise<One>, other: Promise<Other>): Promise<[One, Other]> {
  await Promise.allSettled([one, other]);
  return await Promise.all([one, other]);
}

const usual = { port: 7233, uiPort: 8233 };

/** At the usual ports where they are free, so that commands typed in another terminal find it without being told. */
async function startTemporal(say: (line: string) => void): Promise<DevServer> {
  const port = (await isFree(usual.port)) ? usual.port : 0;
  const uiPort = (await isFree(usual.uiPort)) ? usual.uiPort : 0;
  const server = await startDevServer({ dataFile: null, port, uiPort, say });
  if (server.uiUrl !== null) process.env.TEMPORAL_UI_URL = server.uiUrl;
  return server;
}

function addressLines(server: DevServer): string[] {
  const lines = [`Temporal UI: ${server.uiUrl ?? 'none'}`];
  if (!server.address.endsWith(`:${usual.port}`)) {
    lines.push(`To answer from another terminal: export TEMPORAL_ADDRESS=${server.address}`);
  }
  return lines;
}

/** A process of its own as in production. It gets what the plans refer to; nothing of that is in Temporal. */
function startDemoWorker({ address, namespace }: DevServer, { home, environment }: Workspace): Promise<Guarded> {
  return startOwnProgram('worker-process', {
    words: [address, namespace, hostname()],
    env: { ...process.env, ...environment },
    // Where the janitor looks: a worker that is told to end would otherwise start one more backend behind its back.
    cwd: join(home, 'run'),
    logFile: join(home, 'worker.log'),
  });
}

function releaser(options: DemoOptions, { client, workspace }: { client: ReleaseClient; workspace: Workspace }) {
  let stopped = false;
  void options.stopped.then(() => {
    stopped = true;
  });
  return async (version: string, answer?: Intended['answer']): Promise<ReleaseResult | null> => {
    if (stopped) return null;
    const loaded = await loadPlan(workspace.plans.get(version) ?? '', version, { host: hostname(), requester });
    if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
    // The first release makes the shop that the demo is about; there is nothing to decide yet.
    const approved = options.yes || version === 'v1';
    const { workflowId, runId, url } = await client.start({
      plan: loaded.plan,
      planDigest: loaded.digest,
      requester,
      preApproved: approved ? { by: approver, reason: version === 'v1' ? 'the demo begins' : '--yes' } : null,
      windowOverride: null,
      continuation: { as: 'fresh' },
      workerWaitMs,
    });
    if (url !== null) options.say(`  ${url}`);
    const answering = new AbortController();
    const answered =
      answer === undefined
        ? null
        : answerAsLead(options.say, { client, workflowId, runId }, { answer, signal: answering.signal });
    try {
      return await options.follow({ client, workflowId, runId, url, person: approver });
    } finally {
      answering.abort();
      await answered;
    }
  };
}

const thinkingMs = 2000;
const lookEveryMs = 250;

/** No flag accepts a loss, so the demo plays the person who reads the numbers and decides. */
async function answerAsLead(
  say: DemoOptions['say'],
  { client, workflowId, runId }: Pick<Begun, 'client' | 'workflowId' | 'runId'>,
  { answer, signal }: { answer: NonNullable<Intended['answer']>; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const { question } = await client.status(workflowId, runId).catch(() => ({ question: null }));
    if (question?.kind === 'failure' && question.losses !== undefined) {
      await sleep(thinkingMs, undefined, { signal }).catch(() => undefined);
      const body = { by: requester, question: question.id, choice: answer, reason: 'no order may be lost' };
      await client.decide(workflowId, body).then(
        () => say(`  The deployment lead answers: ${answer}`),
        (error: Error) => say(`  ${error.message}`),
      );
    }
    await sleep(lookEveryMs);
  }
}
