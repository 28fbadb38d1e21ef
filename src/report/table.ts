import type { ReleaseResult } from '../release/status.ts';
import { duration, proved, rows } from '../release/wording.ts';
import { oneLine } from './lines.ts';

const headings = ['version', 'ending', 'failed step', 'restored', 'rows lost', 'cut off', 'duration'];

/** One row per release; empty cells are `-`. Every restored target is shown with its own level of proof. */
function resultRows(results: readonly ReleaseResult[]): string[][] {
  return results.map((result) => [
    result.version,
    result.outcome,
    result.failedStep ?? '-',
    result.restored.length === 0
      ? '-'
      : result.restored.map((each) => `${each.target} ${proved(each.proved)}`).join('; '),
    result.rowsLost === null && result.restored.length === 0 ? '-' : rows(result.rowsLost),
    result.downtimeMs === null ? '-' : duration(result.downtimeMs),
    duration(result.durationMs),
  ]);
}

/** The table at the end of a demo or of `savepoint list`, aligned for a fixed-width font. */
export function resultTable(results: readonly ReleaseResult[]): string {
  return alignedTable(headings, resultRows(results));
}

/** Columns padded to their widest cell, two spaces apart, a rule under the headings. */
export function alignedTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const table = [head, ...body].map((row) => row.map((cell) => oneLine(cell)));
  const widths = head.map((_, column) => Math.max(...table.map((row) => [...(row[column] ?? '')].length)));
  const rule = widths.map((width) => '─'.repeat(width));
  const [first = [], ...others] = table;
  return [first, rule, ...others]
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - [...cell].length));
}
