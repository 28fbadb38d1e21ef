import type { Surroundings } from './measurement.ts';
import { rounded } from './outcome.ts';
import { addOrders, bringBack, callsOf, dropAll, fill, type Server, startServer, takeSavepoint } from './postgres.ts';

/**
 * What a database of so many rows costs on the way back. Milliseconds. `writtenRows`: by users since the savepoint, the
 * loss. `measured`: false where the numbers are extrapolated.
 */
export type GrowthRow = {
  rows: number;
  mb: number;
  writtenRows: number;
  savepointMs: number;
  savepointHeldMs: number;
  besideMs: number;
  lossMs: number;
  swapMs: number;
  restoreHeldMs: number;
  measured: boolean;
};

export type Growth = { rows: GrowthRow[]; notes: string[] };

const bigMb = 10_240;
/** By users since the savepoint; traffic does not grow with what is stored. */
const written = 1000;

/** How holding, comparing and exchanging grow with the rows, and what that says about a database of 10 GB. */
export async function measureGrowth({ scope, quick, say }: Surroundings): Promise<Growth> {
  const server = await startServer(scope);
  const home = await scope.folder();
  const rows: GrowthRow[] = [];
  for (const count of quick ? [10_000, 20_000] : [100_000, 500_000, 1_000_000, 2_000_000]) {
    rows.push(await measured(server, home, count));
    say(`growth: ${count} rows done`);
  }
  const [small, big] = [rows.at(-2), rows.at(-1)];
  const extrapolated = small === undefined || big === undefined ? [] : [extrapolate(small, big)];
  return {
    rows: [...rows, ...extrapolated],
    notes: [
      `users write ${written} rows between savepoint and restore; the restore holds writers while it measures the loss and exchanges`,
      `the last line was not measured: it extends the line through the two largest sizes to ${bigMb / 1024} GB, for a database that fits this server's memory as well as these did`,
    ],
  };
}

async function measured(server: Server, home: string, count: number): Promise<GrowthRow> {
  const { mb } = await fill(server, 'growing', count);
  const call = callsOf(server, 'growing', home);
  const saved = await takeSavepoint(call('save'));
  await addOrders(server, 'growing', written);
  const back = await bringBack(call, saved);
  if (back.rows !== written) throw new Error(`the loss was ${back.rows} rows, ${written} were written`);
  await dropAll(server, 'growing');
  return {
    rows: count,
    mb: rounded(mb),
    writtenRows: back.rows,
    savepointMs: rounded(saved.ms),
    savepointHeldMs: rounded(saved.heldMs),
    besideMs: rounded(back.besideMs),
    lossMs: rounded(back.lossMs),
    swapMs: rounded(back.swapMs),
    restoreHeldMs: rounded(back.heldMs),
    measured: true,
  };
}

/** A straight line through two sizes, never below what was measured. */
function extrapolate(small: GrowthRow, big: GrowthRow): GrowthRow {
  const factor = (bigMb - small.mb) / (big.mb - small.mb);
  const at = (key: Exclude<keyof GrowthRow, 'measured'>): number =>
    rounded(Math.max(big[key], small[key] + (big[key] - small[key]) * factor));
  return {
    rows: at('rows'),
    mb: bigMb,
    writtenRows: at('writtenRows'),
    savepointMs: at('savepointMs'),
    savepointHeldMs: at('savepointHeldMs'),
    besideMs: at('besideMs'),
    lossMs: at('lossMs'),
    swapMs: at('swapMs'),
    restoreHeldMs: at('restoreHeldMs'),
    measured: false,
  };
}

const columns: [keyof GrowthRow, string][] = [
  ['rows', 'rows'],
  ['mb', 'MB'],
  ['savepointMs', 'savepoint ms'],
  ['savepointHeldMs', 'held ms'],
  ['besideMs', 'beside ms'],
  ['lossMs', 'compare ms'],
  ['swapMs', 'swap ms'],
  ['restoreHeldMs', 'held ms'],
];

/** As a table for people. */
export function growthLines({ rows, notes }: Growth): string[] {
  const table = [columns.map(([, title]) => title), ...rows.map((row) => columns.map(([key]) => `${row[key]}`))];
  const widths = columns.map((_, index) => Math.max(...table.map((line) => line[index]?.length ?? 0)));
  const lines = table.map((line) => line.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  '));
  const last = rows.findIndex(({ measured: really }) => !really);
  return lines.map((line, index) => (index === last + 1 && last >= 0 ? `${line}  extrapolated` : line)).concat(notes);
}
