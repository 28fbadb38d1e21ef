import { join } from 'node:path';
import { memoryPlan } from '../tests/support/plans.ts';
import { bareQueue } from './bare/worker.ts';
import { chain } from './bare/workflows.ts';
import { type Size, sizeOf } from './history.ts';
import type { Measurement } from './measurement.ts';
import { compared, type Outcome, rounded } from './outcome.ts';
import { type Compared, inPairs, timed } from './pairs.ts';
import { inputOf, mustEnd, startRelease } from './releases.ts';
import { openStage } from './stage.ts';

const limit = 1.15;

/** (a) What Savepoint's story costs beside the activities that it calls. */
export const overhead: Measurement = async ({ scope, quick, say }) => {
  const { client, folder } = await openStage(scope);
  let releases = 0;
  const release = async (): Promise<{ ms: number; workflowId: string }> => {
    releases += 1;
    const application = `overhead-${releases}`;
    const input = await inputOf({ home: join(folder, application), plan: memoryPlan({ application }) });
    let workflowId = '';
    const ms = await timed(async () => {
      const handle = await startRelease(client, input);
      workflowId = handle.workflowId;
      await mustEnd(handle, 'released');
    });
    return { ms, workflowId };
  };
  const { activities, events } = await sizeOf(client, (await release()).workflowId);
  say(`a release of three memory targets calls ${activities} activities`);
  const bare = (round: number): Promise<number> => {
    const workflowId = `chain-${round}`;
    return timed(() => client.workflow.execute(chain, { workflowId, taskQueue: bareQueue, args: [activities] }));
  };
  const found = await inPairs(quick ? 3 : 15, { ours: async () => (await release()).ms, peer: bare });
  return outcomeOf(found, { activities, events });
};

function outcomeOf(found: Compared, { activities, events }: Pick<Size, 'activities' | 'events'>): Outcome {
  const ratio = rounded(found.ours / found.peer);
  return {
    ...compared('a release with memory targets against a bare workflow with as many activities', 'ms', found),
    id: 'a',
    ratio,
    target: `at most ${limit} times`,
    met: ratio <= limit,
    also: [compared('for each activity', 'ms', { ours: found.ours / activities, peer: found.peer / activities })],
    notes: [
      `${activities} activities, ${events} events; medians of ${found.pairs} interleaved pairs after one that warmed up`,
      `median of the ratios within pairs: ${rounded(found.pairRatio)}`,
      'the bare workflow calls its activities one after another with the same options, heartbeats and worker settings, and gives them no input',
    ],
  };
}
