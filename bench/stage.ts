import type { Client } from '@temporalio/client';
import { openBench } from '../tests/support/release.ts';
import { startTemporal } from '../tests/support/temporal.ts';
import { startBareWorker } from './bare/worker.ts';
import type { Scope } from './scope.ts';

/** A Temporal with two workers in this process: Savepoint's own and a bare one with its settings. */
export type Stage = { client: Client; folder: string };

/** It ends with the scope. */
export async function openStage(scope: Scope): Promise<Stage> {
  const temporal = await scope.open(
    () => startTemporal(),
    (server) => server.stop(),
  );
  const { folder } = await scope.open(
    () => openBench(temporal),
    (bench) => bench.stop(),
  );
  await startBareWorker(scope, temporal);
  return { client: temporal.client, folder };
}
