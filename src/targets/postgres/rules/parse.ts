import { loadModule, type Node, parseSync } from 'libpg-query';
import type { PinnedFile } from '../sql-files.ts';
import { parseFile } from '../statements.ts';

/** One statement as PostgreSQL's parser sees it. `place` gives `file:line:column` of a byte offset in the file. */
export type Parsed = { node: Node; text: string; start: number; place(offset?: number): string };

/**
 * Parses a file with PostgreSQL's own parser.
 * @throws TargetFailure `invalid-input` as `parseFile`
 */
export async function parsedStatements(file: PinnedFile): Promise<Parsed[]> {
  const { statements } = await parseFile(file.name, file.bytes);
  await loadModule();
  const bytes = Buffer.from(file.bytes.toString('utf8').replace(/^\uFEFF/, '   '));
  const result = parseSync(bytes.toString('utf8'));
  return (result.stmts ?? []).flatMap(({ stmt, stmt_location = 0 }, index) => {
    const known = statements[index];
    if (stmt === undefined || known === undefined) return [];
    const start = bytes.indexOf(Buffer.from(known.text), stmt_location);
    return [{ node: stmt, text: known.text, start, place: (offset = start) => placeAt(file.name, bytes, offset) }];
  });
}

/** Lines and columns count from 1, columns in characters. */
function placeAt(name: string, bytes: Buffer, offset: number): string {
  const before = bytes.subarray(0, offset).toString('utf8').split('\n');
  return `${name}:${before.length}:${[...(before.at(-1) ?? '')].length + 1}`;
}
