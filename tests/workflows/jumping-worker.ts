import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../../src/activities/activities.ts';
import type { Clock } from '../../src/checks/clock.ts';

/**
 * A worker as a process of its own whose watch jumps from sample to sample: `jumping-worker <address> <host> <task queue>
 * <workflow bundle>`. The time is what the file `CLOCK` says, so that it outlives this process; it passes slowly enough
 * for heartbeats while `CLOCK.slow` is there. `CACHED`: workflows kept, none for a worker that is killed. Says `ready`.
 */
const [address = '', host = '', taskQueue = '', codePath = ''] = process.argv.slice(2);
const { CLOCK: file = '', CACHED = '0' } = process.env;

let time = Number(readFileSync(file, 'utf8'));
const clock: Clock = {
  now: () => time,
  async sleep(ms) {
    time += ms;
    writeFileSync(file, String(time));
    // Several heartbeats fit into half an hour, also on a busy machine.
    await wait(existsSync(`${file}.slow`) ? 700 : 0);
  },
  stopwatch: () => performance.now(),
};

const common = {
  connection: await NativeConnection.connect({ address }),
  activities: { ...createActivities({ clock }) },
  maxHeartbeatThrottleInterval: '1s',
  // The time-skipping server leaves a workflow task on the sticky queue of a worker that is gone for ever.
  maxCachedWorkflows: Number(CACHED),
} as const;
const workers = [
  await Worker.create({ ...common, taskQueue, workflowBundle: { codePath } }),
  await Worker.create({ ...common, taskQueue: `savepoint/${host}` }),
];
const runs = workers.map((worker) => worker.run());
process.stdout.write('ready\n');
await Promise.all(runs);
