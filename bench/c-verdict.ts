import { join } from 'node:path';
import { memoryEffects } from '../src/targets/memory/world.ts';
import { memoryPlan, worldsOf } from '../tests/support/plans.ts';
import { bareQueue } from './bare/worker.ts';
import { react } from './bare/workflows.ts';
import type { Measurement } from './measurement.ts';
import { percentiles } from './numbers.ts';
import { compared, type Outcome } from './outcome.ts';
import { inputOf, mustEnd, startRelease } from './releases.ts';
import { openStage } from './stage.ts';
import { instant } from './time.ts';
import { serve } from './web.ts';

const limitMs = 100;

/** (c) A version that must go back: from the wrong answer to a critical check to the first restore. */
export const verdict: Measurement = async ({ scope, quick, say }) => {
  const { client, folder } = await openStage(scope);
  let answeredAt = 0;
  const url = await serve(scope, (_, response) => {
    response.writeHead(500).end('broken');
    answeredAt = instant();
  });
  const once = async (round: number): Promise<number> => {
    const application = `verdict-${round}`;
    const plan = memoryPlan({ application, more: { smoke: [smokeAt(url)] } });
    const handle = await startRelease(client, await inputOf({ home: join(folder, application), plan }));
    await mustEnd(handle, 'rolled-back');
    const effects = memoryEffects(Object.values(worldsOf(application)));
    const restored = effects.find(({ verb }) => verb === 'restore');
    if (restored === undefined) throw new Error('nothing was restored');
    return restored.at - answeredAt;
  };
  const probe = { name: 'the shop answers', url, expect: { status: 200 }, timeoutMs: 5000 };
  const bare = async (round: number): Promise<number> => {
    const workflowId = `react-${round}`;
    const { at } = await client.workflow.execute(react, { workflowId, taskQueue: bareQueue, args: [probe] });
    return at - answeredAt;
  };
  const rounds = quick ? 5 : 120;
  const times: number[] = [];
  const peers: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const [ours, peer] = [await once(round), await bare(round)];
    if (round === 0) continue;
    times.push(ours);
    peers.push(peer);
    if (round % 40 === 39) say(`${round + 1} of ${rounds} releases went back`);
  }
  return outcomeOf(times, peers);
};

function smokeAt(url: string): object {
  return { name: 'the shop answers', kind: 'http', url, expect: { status: 200 }, repeatable: false };
}

function outcomeOf(times: readonly number[], peers: readonly number[]): Outcome {
  const [{ p50, p99, max }, other] = [percentiles(times), percentiles(peers)];
  return {
    ...compared('verdict "roll back" to the first restore call, p99, against a bare workflow that reacts', 'ms', {
      ours: p99,
      peer: other.p99,
    }),
    id: 'c',
    target: `p99 at most ${limitMs} ms`,
    met: p99 <= limitMs,
    also: [
      compared('median', 'ms', { ours: p50, peer: other.p50 }),
      compared('slowest', 'ms', { ours: max, peer: other.max }),
    ],
    notes: [
      `${times.length} releases of memory targets, one after another; rules for a backward migration: the code goes back`,
      `counted from the moment when a critical smoke check was answered wrongly, so judging it is part of the time`,
      'the peer: a bare workflow whose activity gets the same answer, until its next activity runs; in turns with ours',
    ],
  };
}
