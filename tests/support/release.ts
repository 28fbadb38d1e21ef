import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { stringify } from 'yaml';
import type { Clock } from '../../src/checks/clock.ts';
import { loadPlan } from '../../src/plan/load.ts';
import type { ReleaseResult, ReleaseStatus } from '../../src/release/status.ts';
import { type RunningWorker, startWorker } from '../../src/worker.ts';
import {
  type Approval,
  approveUpdate,
  localTaskQueue,
  type ReleaseInput,
  releaseWorkflowId,
  statusQuery,
} from '../../src/workflows/messages.ts';
import type { release } from '../../src/workflows/release.ts';
import { workflowBundle } from './workflow-bundle.ts';

export type Handle = WorkflowHandleWithFirstExecutionRunId<typeof release>;

/** A workbench for releases on one server: plans in a folder of its own, one worker, handles for what was started. */
export type Bench = {
  folder: string;
  client: Client;
  worker: RunningWorker;
  /** Writes the plan, loads it as the CLI does and starts the workflow. */
  start(plan: object, options?: StartOptions): Promise<Handle>;
  /** Replaces the worker, e.g. after it was stopped. */
  restartWorker(): Promise<void>;
  stop(): Promise<void>;
};

export type StartOptions = Partial<Omit<ReleaseInput, 'plan' | 'planDigest'>> & {
  version?: string;
  application?: string;
  /** Folder of the plan, with what it refers to; left out: an empty one. */
  home?: string;
};

type Surroundings = { address: string; namespace?: string; client: Client; clock?: Clock; host?: string };

export async function openBench({
  address,
  namespace = 'default',
  client,
  clock,
  host = 'test',
}: Surroundings): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'savepoint-bench-'));
  const bundle = await workflowBundle();
  const serve = (): Promise<RunningWorker> =>
    startWorker({
      connection: { address },
      namespace,
      taskQueue: 'savepoint',
      localTaskQueue: localTaskQueue(host),
      healthPort: null,
      metricsAddress: null,
      logLevel: 'ERROR',
      workflowBundle: bundle,
      ...(clock === undefined ? {} : { clock }),
    });
  let plans = 0;
  const bench: Bench = {
    folder,
    client,
    worker: await serve(),
    async start(plan, options = {}) {
      plans += 1;
      const home = options.home ?? join(folder, `plan-${plans}`);
      await mkdir(home, { recursive: true });
      return await startRelease(client, { home, plan, host, options });
    },
    async restartWorker() {
      await bench.worker.stop();
      bench.worker = await serve();
    },
    async stop() {
      await bench.worker.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}

type Starting = { home: string; plan: object; host: string; options: StartOptions };

async function startRelease(client: Client, { home, plan, host, options }: Starting): Promise<Handle> {
  const file = join(home, 'release.yaml');
  await writeFile(file, stringify(plan));
  const { version = 'v2', home: _, ...rest } = options;
  const loaded = await loadPlan(file, version, { host });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const input: ReleaseInput = {
    plan: loaded.plan,
    planDigest: loaded.digest,
    requester: 'deployment-lead',
    preApproved: null,
    windowOverride: null,
    continuation: { as: 'fresh' },
    previousRunId: null,
    ...rest,
  };
  return await client.workflow.start<typeof release>('release', {
    workflowId: releaseWorkflowId(loaded.plan.application, loaded.plan.environment),
    taskQueue: 'savepoint',
    args: [input],
    workflowIdConflictPolicy: 'FAIL',
  });
}

export async function statusOf(handle: Handle): Promise<ReleaseStatus> {
  return await handle.query(statusQuery);
}

/** Waits until the release says what `isSo` looks for, for at most ten seconds. */
export async function until(
  handle: Handle,
  isSo: (status: ReleaseStatus) => boolean,
  patienceMs = 15_000,
): Promise<ReleaseStatus> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const status = await statusOf(handle);
    if (isSo(status)) return status;
    if (Date.now() > deadline) throw new Error(`still ${status.phase}: ${JSON.stringify(status.timeline.slice(-5))}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits for the go/no-go and approves what it shows. */
export async function approve(handle: Handle, by = 'product-owner'): Promise<void> {
  const { question } = await until(handle, ({ question: asked }) => asked?.kind === 'go-no-go');
  const approval: Approval = { by, digest: question?.digest ?? '' };
  await handle.executeUpdate(approveUpdate, { args: [approval] });
}

export type { ReleaseResult };
