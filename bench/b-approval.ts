import { join } from 'node:path';
import { memoryEffects } from '../src/targets/memory/world.ts';
import { memoryPlan, worldsOf } from '../tests/support/plans.ts';
import { approve, until } from '../tests/support/release.ts';
import { bareQueue } from './bare/worker.ts';
import { gate, goSignal } from './bare/workflows.ts';
import type { Measurement } from './measurement.ts';
import { median } from './numbers.ts';
import { compared, type Outcome, rounded } from './outcome.ts';
import { type Compared, inPairs } from './pairs.ts';
import { inputOf, mustEnd, startRelease } from './releases.ts';
import { openStage } from './stage.ts';
import { instant } from './time.ts';

/** (b) How long the person who said go waits until something happens. */
export const approval: Measurement = async ({ scope, quick }) => {
  const { client, folder } = await openStage(scope);
  const saves: number[] = [];
  const release = async (round: number): Promise<number> => {
    const application = `approval-${round}`;
    const plan = memoryPlan({ application });
    const handle = await startRelease(
      client,
      await inputOf({ home: join(folder, application), plan, approved: false }),
    );
    await until(handle, ({ question }) => question?.kind === 'go-no-go');
    const said = instant();
    await approve(handle);
    await mustEnd(handle, 'released');
    const effects = memoryEffects(Object.values(worldsOf(application)));
    const change = effects.find(({ verb }) => verb === 'apply');
    const saved = effects.find(({ verb }) => verb === 'save');
    if (change === undefined || saved === undefined) throw new Error('a release ended without an effect');
    saves.push(saved.at - said);
    return change.at - said;
  };
  const bare = async (round: number): Promise<number> => {
    const handle = await client.workflow.start(gate, { workflowId: `gate-${round}`, taskQueue: bareQueue });
    await handle.query('__stack_trace');
    const said = instant();
    await handle.signal(goSignal);
    return (await handle.result()).at - said;
  };
  const found = await inPairs(quick ? 3 : 21, { ours: release, peer: bare });
  return outcomeOf(found, median(saves));
};

function outcomeOf(found: Compared, saveMs: number): Outcome {
  return {
    ...compared('approval given to the first change (migrate), against one signal and one activity', 'ms', found),
    id: 'b',
    target: null,
    met: null,
    also: [compared('approval given to the first savepoint', 'ms', { ours: saveMs, peer: found.peer })],
    notes: [
      `medians of ${found.pairs} interleaved pairs; median of the ratios within pairs: ${rounded(found.pairRatio)}`,
      'in between a release asks each target once more what runs, so that an approval is void when that changed, and takes the savepoint',
    ],
  };
}
