import { loadModule, parseSync } from 'libpg-query';
import { TargetFailure } from '../../release/failure.ts';

/** One statement of a file. `line` counts from 1. `kind` is the parser's name for it, such as `IndexStmt`. */
export type Statement = { text: string; line: number; kind: string };

export type SqlFile = { name: string; transactional: boolean; statements: Statement[] };

/** First line of a file whose statements must not run in a transaction. */
const outsideTransaction = /^\uFEFF?--\s*savepoint:\s*no-transaction\s*(\r?\n|$)/;

function lineAt(bytes: Buffer, offset: number): number {
  let line = 1;
  for (let index = 0; index < offset; index += 1) if (bytes[index] === 10) line += 1;
  return line;
}

/** Comments and blank lines before a statement do not belong to it, so that its line is where people see it. */
function leadingTrivia(text: string): number {
  return /^(\s+|--[^\n]*(\n|$)|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)*/.exec(text)?.[0].length ?? 0;
}

type Parsed = { stmt_location?: number; stmt_len?: number; stmt?: object };

function syntaxError(name: string, bytes: Buffer, error: unknown): TargetFailure {
  const details = error instanceof Error && 'sqlDetails' in error ? error.sqlDetails : null;
  const position =
    typeof details === 'object' && details !== null && 'cursorPosition' in details ? Number(details.cursorPosition) : 0;
  const message = error instanceof Error ? error.message : 'cannot be parsed';
  return new TargetFailure('invalid-input', `${name}, line ${lineAt(bytes, position)}: ${message}`, {
    remedy: 'correct the file; commands of psql such as \\copy are not SQL',
  });
}

/**
 * Splits a file with PostgreSQL's own parser, so that quotes, dollar quotes and comments are right.
 * @throws TargetFailure `invalid-input` with file and line for what is no SQL or cannot be run here
 */
export async function parseFile(name: string, bytes: Buffer): Promise<SqlFile> {
  await loadModule();
  const text = bytes.toString('utf8');
  const transactional = !outsideTransaction.test(text);
  const parsed = parse(name, bytes);
  const statements = parsed.map(({ stmt_location = 0, stmt_len, stmt = {} }) => {
    const end = stmt_len === undefined || stmt_len === 0 ? bytes.length : stmt_location + stmt_len;
    const whole = bytes.subarray(stmt_location, end).toString('utf8');
    const trivia = leadingTrivia(whole);
    const line = lineAt(bytes, stmt_location + Buffer.byteLength(whole.slice(0, trivia)));
    const statement = { text: whole.slice(trivia).trim(), line, kind: Object.keys(stmt)[0] ?? '' };
    refuseUnrunnable(name, statement, stmt);
    return statement;
  });
  return { name, transactional, statements };
}

function parse(name: string, bytes: Buffer): Parsed[] {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '   ');
  try {
    const result: { stmts?: Parsed[] } = parseSync(text);
    return result.stmts ?? [];
  } catch (error) {
    throw syntaxError(name, bytes, error);
  }
}

function refuseUnrunnable(name: string, statement: Statement, parsed: object): void {
  const refuse = (why: string, remedy: string) => {
    throw new TargetFailure('invalid-input', `${name}, line ${statement.line}: ${why}`, { remedy });
  };
  if (statement.kind === 'TransactionStmt') {
    refuse(
      'BEGIN, COMMIT and the like are not for a file',
      'remove it: each file is one transaction, or none when its first line is `-- savepoint: no-transaction`',
    );
  }
  if ('CopyStmt' in parsed && /\bfrom\s+stdin\b/i.test(statement.text)) {
    refuse('COPY FROM STDIN needs a client that sends the rows', 'write INSERT statements, or use `command:`');
  }
}
