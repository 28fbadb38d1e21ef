import { join } from 'node:path';
import type { Clock } from '../src/checks/clock.ts';
import { memoryPlan } from '../tests/support/plans.ts';
import { openBench } from '../tests/support/release.ts';
import { startTimeSkipping } from '../tests/support/temporal.ts';
import type { Probe } from './bare/activities.ts';
import { bareQueue, startBareWorker } from './bare/worker.ts';
import { naiveWatch } from './bare/workflows.ts';
import { type Size, sizeOf } from './history.ts';
import type { Measurement } from './measurement.ts';
import { compared, type Outcome, rounded } from './outcome.ts';
import { inputOf, mustEnd, startRelease } from './releases.ts';
import { serve } from './web.ts';

const limit = 0.02;
/** Of the activity alone; the timers of the loop are not counted. */
const eventsPerSample = 6;
const everyMs = 10_000;

/** Samplers wait without waiting, in step with the time-skipping server. */
function jumpingClock(begin: number): Clock {
  let time = begin;
  return {
    now: () => time,
    stopwatch: () => performance.now(),
    async sleep(ms) {
      time += ms;
      await new Promise(setImmediate);
    },
  };
}

/** What was run: a release, one with a watch of `hours`, and a loop of `short` samples. `taken`: samples of the watch. */
type Ran = { hours: number; taken: number; release: Size; watched: Size; short: number; naive: Size };

/** (i) What a watch of 48 hours leaves in Temporal, against a loop with one activity for each sample. */
export const history: Measurement = async ({ scope, quick, say }) => {
  const environment = await scope.open(
    () => startTimeSkipping(),
    (each) => each.teardown(),
  );
  const { client } = environment;
  const { address } = environment.connection.options;
  const clock = jumpingClock(await environment.currentTimeMs());
  const bench = await scope.open(
    () => openBench({ address, client, clock }),
    (each) => each.stop(),
  );
  let asked = 0;
  const url = await serve(scope, (_, response) => {
    asked += 1;
    response.end('{}');
  });
  const hours = quick ? 5 : 48;
  const sizeAfter = async (application: string, more: object): Promise<Size> => {
    const input = await inputOf({ home: join(bench.folder, application), plan: memoryPlan({ application, more }) });
    const handle = await startRelease(client, input);
    await mustEnd(handle, 'released');
    return await sizeOf(client, handle.workflowId);
  };
  const release = await sizeAfter('history-release', {});
  const watched = await sizeAfter('history-watch', { watch: watchOf(url, hours) });
  const taken = asked;
  say(`${taken} of ${samplesIn(hours)} samples were taken`);
  await startBareWorker(scope, { address });
  const short = quick ? 20 : 200;
  const probe = { name: 'probe', url, expect: { status: 200 }, timeoutMs: 5000 };
  const args: [Probe, number, number] = [probe, everyMs, short];
  await client.workflow.execute(naiveWatch, { workflowId: 'naive', taskQueue: bareQueue, args });
  return outcomeOf({ hours, taken, release, watched, short, naive: await sizeOf(client, 'naive') });
};

function watchOf(url: string, hours: number): object {
  return {
    schedule: [
      { every: '15m', for: '4h' },
      { every: '1h', for: `${hours - 4}h` },
    ],
    probe: { url, every: '10s' },
    criteria: { errors: { rollBack: '10 %', consult: '5 %' } },
  };
}

function samplesIn(hours: number): number {
  return (hours * 3_600_000) / everyMs;
}

function outcomeOf({ hours, taken, release, watched, short, naive }: Ran): Outcome {
  const samples = samplesIn(hours);
  const loop = { events: eventsPerSample * samples, bytes: Math.round((naive.bytes / short) * samples) };
  const alone = { events: watched.events - release.events, bytes: watched.bytes - release.bytes };
  const share = Math.max(watched.events / loop.events, watched.bytes / loop.bytes);
  const events = { ours: watched.events, peer: loop.events };
  return {
    ...compared(`events of a release with a ${hours} h watch, against a loop`, 'events', events),
    id: 'i',
    target: `events and bytes at most ${limit * 100} % of the loop's`,
    met: share <= limit && taken >= samples * 0.99,
    also: [
      compared('bytes of the same', 'bytes', { ours: watched.bytes, peer: loop.bytes }),
      compared('events of the watch alone', 'events', { ours: alone.events, peer: loop.events }),
      compared('bytes of the watch alone', 'bytes', { ours: alone.bytes, peer: loop.bytes }),
      compared('events of a release without a watch', 'events', { ours: release.events, peer: null }),
      compared('bytes of a release without a watch', 'bytes', { ours: release.bytes, peer: null }),
    ],
    notes: [
      `${taken} samples, one each 10 s, on the time-skipping server; ${watched.activities} activities`,
      `the loop was run with ${short} samples (${naive.events} events, ${naive.bytes} bytes) and extrapolated to ${samples} at ${rounded(naive.bytes / short)} bytes each; of its events only the ${eventsPerSample} of each activity are counted, not those of its timers`,
    ],
  };
}
