import type { Plan } from '../release/plan.ts';
import type { Stage } from '../release/procedure.ts';
import { duration } from '../release/wording.ts';
import type { Expected } from './history.ts';
import type { Line } from './lines.ts';
import type { Outlook } from './outlook.ts';
import type { RowsAtStake, Way } from './ways.ts';

/** Every way back that the table names: what it does turn after turn, what becomes of rows, and how long it takes. */
export function waysLines(plan: Plan, { ways }: Outlook): Line[] {
  if (ways.length === 0) return [];
  const lines = ways.flatMap((way): Line[] => [
    { tone: 'plain', text: `  way ${way.id}  ${turnsText(plan, way)}` },
    { tone: 'quiet', text: `         ${[rowsWords[way.rows], takes(way)].join('; ')}` },
  ]);
  return [{ tone: 'strong', text: 'Ways back (→ then, + at the same time)' }, ...lines];
}

function turnsText(plan: Plan, { turns, stages }: Way): string {
  const words = (id: string): string => {
    const stage = stages.find((each) => each.id === id);
    return stage === undefined ? id : stageWords(plan, stage);
  };
  return turns.map((turn) => turn.map(words).join(' + ')).join(' → ');
}

function stageWords(plan: Plan, { do: verb, target, holds = [], measures = [] }: Stage): string {
  switch (verb) {
    case 'beside':
      return `build ${target} beside`;
    case 'agree': {
      const hold = holds.length === 0 ? '' : `hold ${holds.join(', ')} and `;
      return `${hold}count the rows of ${measures.join(', ')}`;
    }
    case 'hold':
    case 'restore':
      return `${verb} ${target}`;
    case 'resume': {
      const stores = plan.targets.find(({ name }) => name === target)?.traits.stores === true;
      return stores ? `let writers into ${target}` : `start ${target} again`;
    }
  }
}

const rowsWords: Record<RowsAtStake, string> = {
  untouched: 'no database goes back',
  none: 'nobody could write since the savepoint, so no row is lost',
  counted: 'rows are counted with writers held; more than was agreed to, and people are asked anew',
  unknown: 'rows written since the savepoint are undone, and nobody can tell how many',
};

/** `takes about 4.2 s (from 3 restores)`, for the whole way. */
function takes({ expectedMs, from }: Pick<Way, 'expectedMs' | 'from'>): string {
  if (expectedMs === null) return 'how long it takes is not known yet';
  return `takes about ${duration(expectedMs)} (from ${from === 1 ? '1 restore' : `${from} restores`})`;
}

/** What bringing back each target took so far. */
export function restoreLines({ restores }: Outlook): Line[] {
  const width = Math.max(...restores.map(({ target }) => target.length));
  const lines = restores.map(({ target, expected }): Line => {
    return { tone: 'plain', text: `  ${target.padEnd(width)}  ${expectedWords(expected)}` };
  });
  return [{ tone: 'strong', text: 'What a restore took so far' }, ...lines];
}

function expectedWords(expected: Expected | null): string {
  if (expected === null) return 'not known yet';
  const cut = expected.downtimeMs === null ? '' : `, users cut off ${duration(expected.downtimeMs)}`;
  return `${duration(expected.ms)}${cut} (median of the last ${expected.n})`;
}

/** From where on going back is no longer a matter of the rules alone. */
export function noReturnLines(plan: Plan, { noReturn }: Outlook): Line[] {
  if (noReturn === null) {
    const until = plan.watch === null ? 'the release' : 'the watch';
    const text = `Point of no return: none before the end of ${until}; until then nothing that goes back loses a row`;
    return [{ tone: 'strong', text }];
  }
  const measures = plan.targets.some(({ traits }) => traits.stores && traits.measures === true);
  const then = measures ? 'it goes back by itself only if no row would be lost' : 'a person decides';
  const refuses = plan.rollback.dataLoss === 'refuse' ? ', and this plan refuses every loss' : '';
  return [
    { tone: 'strong', text: `Point of no return: ${noReturn.at}` },
    { tone: 'warn', text: `  From then on users may write to what ${noReturn.of} changed: ${then}${refuses}.` },
  ];
}
