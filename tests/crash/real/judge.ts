import type { ReleaseResult, ReleaseStatus } from '../../../src/release/status.ts';
import type { Stage, World } from '../../support/world.ts';
import type { Sight } from '../../support/world-sight.ts';
import { judgeOrders, order } from './orders.ts';
import type { RealScene } from './scenes.ts';

export type RealOutcome = { result: ReleaseResult; status: ReleaseStatus; before: Sight; after: Sight };

/** Everything that must hold in the world, whatever was struck. Returns what does not, in words. */
export async function judgeReal(
  { scene, stage, world }: { scene: RealScene; stage: Stage; world: World },
  outcome: RealOutcome,
): Promise<string[]> {
  const { result, status } = outcome;
  const wrong: string[] = [];
  if (result.outcome !== scene.outcome) wrong.push(`ended ${result.outcome}: ${result.failure?.message}`);
  if (Object.keys(status.held).length > 0) wrong.push(`left held: ${Object.keys(status.held).join(', ')}`);
  if (!(await order(world, 'order-last'))) wrong.push('users cannot order any more');
  return [
    ...wrong,
    ...judgeSight(scene, outcome),
    ...judgeServices(scene, world),
    ...judgeWords(scene, status),
    ...judgeDatabases(scene, { status, names: await world.databases() }),
    ...(await judgeOrders(world, stage.postgres.url(world.application))),
  ];
}

/** What users get, and what an administrator sees of the database beside its rows. */
function judgeSight({ outcome }: RealScene, { before, after }: RealOutcome): string[] {
  const isReleased = outcome === 'released';
  const version = isReleased ? '200 v2' : '200 v1';
  const wrong = [after.api, after.page].filter((each) => each !== version).map((each) => `users get ${each}`);
  const shape = ({ data }: Sight): string => JSON.stringify([data?.columns, data?.indexes]);
  if ((shape(before) === shape(after)) === isReleased) wrong.push(`the database has ${shape(after)}`);
  if (before.data?.access !== after.data?.access) wrong.push(`the database lets in ${after.data?.access}`);
  return wrong;
}

/** No version lives twice. The previous one of a release that went well waits for the next release. */
function judgeServices({ outcome }: RealScene, world: World): string[] {
  const expected = outcome === 'released' ? 'v1,v2' : 'v1';
  const living = world.running().join();
  return living === expected ? [] : [`these services live: ${living}`];
}

function judgeWords({ back }: RealScene, { restored }: ReleaseStatus): string[] {
  const names = restored.map(({ target }) => target);
  const wrong = [...names].sort().join() === [...back].sort().join() ? [] : [`says that ${names.join()} was restored`];
  for (const { target, state, proved, carried } of restored) {
    if (state !== 'restored') wrong.push(`${target} is ${state}`);
    if (proved === 'unproved') wrong.push(`${target} is unproved`);
    if (target === 'database' && !((carried?.carried ?? 0) > 0)) wrong.push('it does not say which rows it carried');
    if ((carried?.left ?? 0) > 0) wrong.push(`${carried?.left} rows did not fit`);
  }
  return wrong;
}

/** One that was replaced for one restore, under the name that the release tells; nothing that was only on the way. */
function judgeDatabases({ back }: RealScene, { status, names }: { status: ReleaseStatus; names: string[] }): string[] {
  const superseded = names.filter((name) => name.includes('_superseded_'));
  const kept = status.restored.flatMap((each) => (each.target === 'database' ? [each.kept] : []));
  const wrong = names
    .filter((name) => /_(beside|reference|scratch)_/.test(name))
    .map((name) => `${name} was left behind`);
  const expected = back.includes('database') ? 1 : 0;
  if (superseded.length !== expected) wrong.push(`set aside: ${superseded.join(', ') || 'nothing'}`);
  if (kept.join() !== superseded.join()) wrong.push(`says that it kept ${kept.join() || 'nothing'}`);
  return wrong;
}
