import { join } from 'node:path';
import { memoryEffects } from '../src/targets/memory/world.ts';
import { memoryPlan, worldsOf } from '../tests/support/plans.ts';
import { openBench } from '../tests/support/release.ts';
import { startTemporal } from '../tests/support/temporal.ts';
import type { Measurement } from './measurement.ts';
import { percentiles } from './numbers.ts';
import { compared } from './outcome.ts';
import { inputOf, mustEnd, startRelease } from './releases.ts';
import { instant } from './time.ts';
import { serve } from './web.ts';

const limitMs = 100;

/** (c) A version that must go back: from the wrong answer to a critical check to the first restore. */
export const verdict: Measurement = async ({ scope, quick, say }) => {
  const temporal = await scope.open(
    () => startTemporal(),
    (server) => server.stop(),
  );
  const bench = await scope.open(
    () => openBench(temporal),
    (each) => each.stop(),
  );
  let answeredAt = 0;
  const url = await serve(scope, (_, response) => {
    response.writeHead(500).end('broken');
    answeredAt = instant();
  });
  const smoke = [{ name: 'the shop answers', kind: 'http', url, expect: { status: 200 }, repeatable: false }];
  const once = async (round: number): Promise<number> => {
    const application = `verdict-${round}`;
    const plan = memoryPlan({ application, more: { smoke } });
    const handle = await startRelease(temporal.client, await inputOf({ home: join(bench.folder, application), plan }));
    await mustEnd(handle, 'rolled-back');
    const effects = memoryEffects(Object.values(worldsOf(application)));
    const restored = effects.find(({ verb }) => verb === 'restore');
    if (restored === undefined) throw new Error('nothing was restored');
    return restored.at - answeredAt;
  };
  const rounds = quick ? 5 : 120;
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const ms = await once(round);
    if (round > 0) times.push(ms);
    if (round % 40 === 39) say(`${round + 1} of ${rounds} releases went back`);
  }
  const { p50, p99, max } = percentiles(times);
  return {
    ...compared('verdict "roll back" to the first restore call, 99th percentile', 'ms', { ours: p99, peer: null }),
    id: 'c',
    target: `p99 at most ${limitMs} ms`,
    met: p99 <= limitMs,
    also: [compared('median', 'ms', { ours: p50, peer: null }), compared('slowest', 'ms', { ours: max, peer: null })],
    notes: [
      `${times.length} releases of memory targets, one after another; rules for a backward migration: the code goes back`,
      `counted from the moment when a critical smoke check was answered wrongly, so judging it is part of the time`,
    ],
  };
};
