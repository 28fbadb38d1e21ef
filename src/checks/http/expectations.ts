import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../release/json.ts';
import { excerpt } from '../answer.ts';
import type { Bounds, HeaderValue, TextPiece, ValueConditions } from './expectations.schema.ts';

/** Each function says what disagrees, one line per problem; an empty list means that everything holds. */
type Problems = string[];

/** `where`: how people call the text, e.g. "the body". */
export function textProblems(
  where: string,
  text: string,
  wanted: { text: TextPiece[]; notText: TextPiece[] },
): Problems {
  return [
    ...wanted.text.filter((piece) => !holds(text, piece)).map((piece) => `${where} lacks ${shown(piece)}`),
    ...wanted.notText.filter((piece) => holds(text, piece)).map((piece) => `${where} contains ${shown(piece)}`),
  ];
}

/** Texts have lines, so `^` and `$` stand for theirs. */
export function holds(text: string, piece: TextPiece): boolean {
  return typeof piece === 'string' ? text.includes(piece) : new RegExp(piece.matches, 'mu').test(text);
}

/** A piece as people wrote it. */
export function shown(piece: TextPiece): string {
  return typeof piece === 'string' ? JSON.stringify(excerpt(piece, 80)) : `a match of /${piece.matches}/`;
}

/** `actual`: the header's value, undefined when the answer has none. */
export function headerProblems(name: string, actual: string | undefined, wanted: HeaderValue): Problems {
  if (actual === undefined) return [`header ${name} is missing`];
  if (wanted === true) return [];
  const right = typeof wanted === 'string' ? actual === wanted : new RegExp(wanted.matches, 'u').test(actual);
  const expected = typeof wanted === 'string' ? wanted : `a match of /${wanted.matches}/`;
  return right ? [] : [`header ${name} is ${excerpt(actual, 120)}, expected ${expected}`];
}

/** `found`: every value that `path` leads to. */
export function valueProblems(path: string, found: readonly Json[], wanted: ValueConditions): Problems {
  if (wanted.exists === false) {
    return found.length === 0 ? [] : [`${path} is ${brief(found[0] ?? null)}, expected nothing there`];
  }
  const counted =
    wanted.count === undefined ? [] : boundsProblems(`number of values at ${path}`, found.length, wanted.count);
  if (found.length === 0) return wanted.count === undefined ? [`${path} leads to nothing`] : counted;
  return [...counted, ...found.flatMap((value) => oneValueProblems(path, value, wanted))];
}

function oneValueProblems(path: string, value: Json, wanted: ValueConditions): Problems {
  const problems: Problems = [];
  const miss = (expected: string) => problems.push(`${path} is ${brief(value)}, expected ${expected}`);
  if (wanted.equals !== undefined && !isDeepStrictEqual(value, wanted.equals)) miss(brief(wanted.equals));
  if (wanted.oneOf !== undefined && !wanted.oneOf.some((one) => one === value)) {
    miss(`one of ${wanted.oneOf.map((one) => brief(one)).join(', ')}`);
  }
  if (wanted.matches !== undefined && !(isText(value) && new RegExp(wanted.matches, 'u').test(String(value)))) {
    miss(`a match of /${wanted.matches}/`);
  }
  if (wanted.min !== undefined && !(typeof value === 'number' && value >= wanted.min)) miss(`at least ${wanted.min}`);
  if (wanted.max !== undefined && !(typeof value === 'number' && value <= wanted.max)) miss(`at most ${wanted.max}`);
  return problems;
}

function isText(value: Json): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** `what`: the amount that is judged, e.g. "number of rows". */
export function boundsProblems(what: string, actual: number, { min, max }: Bounds): Problems {
  if (min !== undefined && min === max) return actual === min ? [] : [`${what} is ${actual}, expected ${min}`];
  const problems: Problems = [];
  if (min !== undefined && !(actual >= min)) problems.push(`${what} is ${actual}, expected at least ${min}`);
  if (max !== undefined && !(actual <= max)) problems.push(`${what} is ${actual}, expected at most ${max}`);
  return problems;
}

export function brief(value: Json): string {
  return excerpt(JSON.stringify(value), 120);
}
