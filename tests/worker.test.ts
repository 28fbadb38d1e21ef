import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorker } from '../src/worker.ts';
import { startTemporal, type TemporalForTests } from './support/temporal.ts';

let temporal: TemporalForTests | undefined;

beforeAll(async () => {
  temporal = await startTemporal();
});

afterAll(async () => {
  await temporal?.stop();
});

const serving = (healthPort: number) => ({
  connection: { address: temporal?.address ?? '' },
  namespace: 'default',
  taskQueue: 'savepoint',
  localTaskQueue: 'savepoint/test',
  healthPort,
  metricsAddress: null,
});

it('a worker says over HTTP that it is well', async () => {
  const worker = await startWorker(serving(0));
  try {
    const answer = await fetch(worker.healthUrl ?? '');
    expect([answer.status, await answer.json()]).toEqual([200, { healthy: true, states: ['RUNNING', 'RUNNING'] }]);
  } finally {
    await worker.stop();
  }
});

it('a health port that is taken is told, and nothing keeps running', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = taken.address() as AddressInfo;
    await expect(startWorker(serving(port))).rejects.toThrow(/EADDRINUSE/);
  } finally {
    taken.close();
  }
});
