import { readFile } from 'node:fs/promises';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type YAMLError,
} from 'yaml';
import type { Objection, Path, Place, Problem } from './problem.ts';
import { pathText } from './problem.ts';

/** A plan file that could be read: its data, and what is needed to say where something stands. */
export type Source = { file: string; data: unknown; document: Document.Parsed; lines: LineCounter };

type Read = { source: Source } | { problems: Problem[] };

/** Reads one YAML document. What keeps it from being data at all comes back as problems. */
export async function readSource(file: string): Promise<Read> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    return { problems: [unreadable(file, error)] };
  }
  try {
    return parseSource(file, new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { problems: [ofFile(file, 'is not UTF-8', 'save it as UTF-8 text')] };
  }
}

/** Parses text that was read from `file`. */
function parseSource(file: string, text: string): Read {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, merge: true };
  const documents = parseAllDocuments(text, options);
  const document = Array.isArray(documents) ? documents[0] : undefined;
  if (document === undefined) return { problems: [ofFile(file, 'is empty', 'write one with `savepoint init`')] };
  const found = withoutEchoes([...document.errors, ...document.warnings]).map((error) =>
    ofYaml({ file, text, lines }, error),
  );
  const second = documents[1];
  if (second !== undefined) found.push(ofSecond(file, lines, second.range[0]));
  if (found.length > 0) return { problems: found };
  const nothing = isScalar(document.contents) && document.contents.value === null;
  if (document.contents === null || nothing) {
    return { problems: [ofFile(file, 'is empty', 'write one with `savepoint init`')] };
  }
  return toData({ file, document, lines, data: null });
}

function toData(source: Source): Read {
  const problems: Problem[] = [];
  visit(source.document, {
    Alias: (_key, node) => {
      if (node.resolve(source.document) !== undefined) return;
      const place = placeAt(source.lines, startOf(node));
      problems.push(problemIn(source.file, place, `no anchor &${node.source} stands before this alias`, null));
    },
  });
  if (problems.length > 0) return { problems };
  try {
    return { source: { ...source, data: source.document.toJS({ maxAliasCount: 100 }) as unknown } };
  } catch (error) {
    // Aliases that multiply each other until nothing could hold them.
    if (!(error instanceof ReferenceError)) throw error;
    return { problems: [problemIn(source.file, { line: 1, column: 1 }, lowerFirst(error.message), null)] };
  }
}

function unreadable(file: string, error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') return ofFile(file, 'does not exist', 'write one with `savepoint init`');
  if (code === 'EISDIR') return ofFile(file, 'is a directory', 'name the plan file in it, such as release.yaml');
  if (code === 'EACCES') return ofFile(file, 'may not be read', 'give yourself the right to read it');
  throw error;
}

function ofFile(file: string, message: string, remedy: string): Problem {
  return { rule: 'file', severity: 'error', file, place: null, path: '', message, remedy };
}

function problemIn(file: string, place: Place, message: string, remedy: string | null): Problem {
  return { rule: 'yaml', severity: 'error', file, place, path: '', message, remedy };
}

function ofSecond(file: string, lines: LineCounter, offset: number): Problem {
  const remedy = 'one file holds one plan; remove the line "---" and what follows it';
  return problemIn(file, placeAt(lines, offset), 'a second document begins here', remedy);
}

/** After a token that fits nowhere, or a tab, the parser stumbles over all that follows. */
function withoutEchoes(errors: readonly YAMLError[]): readonly YAMLError[] {
  const tabs = errors.filter(({ code }) => code === 'TAB_AS_INDENT');
  if (tabs.length > 0) return tabs;
  const first = errors.findIndex(({ code }) => code === 'UNEXPECTED_TOKEN');
  return first < 0 ? errors : errors.slice(0, first + 1);
}

const yamlWords: Partial<Record<YAMLError['code'], [string, string | null]>> = {
  DUPLICATE_KEY: ['this key was given before', 'keep one of them'],
  TAB_AS_INDENT: ['a tab is used as indentation', 'use spaces'],
};

function ofYaml({ file, text, lines }: { file: string; text: string; lines: LineCounter }, error: YAMLError): Problem {
  const place = placeAt(lines, error.pos[0]);
  const line = text.split('\n')[place.line - 1] ?? '';
  const [message, remedy] = yamlWords[error.code] ?? [lowerFirst(error.message), null];
  return problemIn(file, place, message, remedy ?? (isBareReference(line) ? quoteIt : null));
}

/** Inside { } and [ ] the braces of a reference are taken for YAML's own. */
const quoteIt = 'inside { } and [ ] put a text that holds ${...} in quotes';

function isBareReference(line: string): boolean {
  return /[{[].*\$\{/.test(line.replace(/"[^"]*"|'[^']*'/g, ''));
}

function lowerFirst(message: string): string {
  const line = message.split('\n')[0] ?? message;
  return line.charAt(0).toLowerCase() + line.slice(1);
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Looks up where an objection stands. */
export function placed(source: Source, objection: Objection): Problem {
  const { rule, severity, message, remedy, path } = objection;
  const place = placeOf(source, path, objection.at);
  return { rule, severity, file: source.file, place, path: pathText(path), message, remedy };
}

/** The place of the key or value at `path`; what is not there stands at the key of what should hold it. */
export function placeOf(source: Source, path: Path, at: 'key' | 'value'): Place {
  let node: unknown = source.document.contents;
  let key = startOf(node);
  for (const [depth, part] of path.entries()) {
    const step = descend(source.document, node, part);
    if (step === null) return placeAt(source.lines, key);
    key = step.key;
    node = step.value;
    if (depth === path.length - 1 && at === 'key') return placeAt(source.lines, key);
  }
  return placeAt(source.lines, startOf(node) || key);
}

function descend(
  document: Document.Parsed,
  node: unknown,
  part: string | number,
): { key: number; value: unknown } | null {
  const container = isAlias(node) ? node.resolve(document) : node;
  if (isMap(container)) {
    const pair = container.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
    return pair === undefined ? null : { key: startOf(pair.key), value: pair.value };
  }
  if (isSeq(container)) {
    const item = container.items[Number(part)];
    return item === undefined ? null : { key: startOf(item), value: item };
  }
  return null;
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
