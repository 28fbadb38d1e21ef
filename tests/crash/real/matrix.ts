import { openStage } from '../../support/world.ts';
import { withoutNumber } from '../journal.ts';
import type { Matrix, Row } from '../matrix.ts';
import { type CrashCase, casesOf, pointsOf, type Reference, titleOf } from '../points.ts';
import type { Way } from '../strike.ts';
import { type RealTold, runReal } from './run.ts';
import { type RealScene, realScenes } from './scenes.ts';

/** Ways that need nothing of memory targets. */
const realWays: readonly Way[] = ['killed before', 'killed during', 'killed after', 'frozen during', 'answer lost'];

export type RealMatrix = Pick<Matrix, 'close'> & {
  cases: CrashCase<RealScene>[];
  references: Reference<RealScene>[];
  /** One after the other: what is measured in them are real databases. */
  run(cases: readonly CrashCase<RealScene>[], tell: (row: Row) => void): Promise<Row[]>;
};

/** Runs each of these scenes once without a strike: what the workflow calls there for a target is what gets struck. */
export async function openRealMatrix(): Promise<RealMatrix> {
  const stage = await openStage();
  const references: Reference<RealScene>[] = [];
  const lengths = new Map<string, number>();
  try {
    for (const [index, scene] of realScenes.entries()) {
      const told = await runReal(stage, { scene, name: `reference-${index}`, strike: null });
      if (told.wrong.length > 0) throw new Error(`${scene.name}, without any strike: ${told.wrong.join('; ')}`);
      references.push(referenceOf(scene, told));
      for (const [point, ms] of lengthsOf(told)) lengths.set(`${scene.name} ${point}`, ms);
    }
  } catch (error) {
    await stage.stop();
    throw error;
  }
  const points = pointsOf(references).filter(({ name }) => withoutNumber(name).includes(' '));
  const runOne = async (given: CrashCase<RealScene>, number: number): Promise<Row> => {
    const { scene, point, way } = given;
    const row = { title: titleOf(given), ending: 'none', effects: 0, late: 0, seconds: 0 };
    const afterMs = (lengths.get(`${scene.name} ${point}`) ?? 0) / 2;
    try {
      const told = await runReal(stage, { scene, name: `case-${number}`, strike: { point, way, afterMs } });
      const { result, seconds, wrong, confirmed } = told;
      return { ...row, ending: result.outcome, effects: confirmed, seconds, wrong };
    } catch (error) {
      return { ...row, wrong: [error instanceof Error ? error.message : String(error)] };
    }
  };
  return {
    references,
    cases: casesOf(points).filter(({ way }) => realWays.includes(way)),
    async run(cases, tell) {
      const rows: Row[] = [];
      for (const [number, given] of cases.entries()) {
        const row = await runOne(given, number);
        rows.push(row);
        tell(row);
      }
      return rows;
    },
    close: () => stage.stop(),
  };
}

function referenceOf(scene: RealScene, { steps, entries, result }: RealTold): Reference<RealScene> {
  const arrived = entries.filter(({ what, attempt }) => what === 'arrived' && attempt === 1);
  return { scene, steps, arrived, result, histories: [] };
}

/** How long each call took, in milliseconds. */
function lengthsOf({ entries }: RealTold): Map<string, number> {
  const ends = new Map(entries.filter(({ what }) => what === 'answered').map(({ point, at }) => [point, at]));
  const begun = entries.filter(({ what }) => what === 'arrived');
  return new Map(begun.map(({ point, at }) => [point, (ends.get(point) ?? at) - at]));
}
