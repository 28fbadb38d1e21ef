import type { z } from 'zod';
import { suggestion } from './nearest.ts';
import { type Objection, type Path, pathText } from './problem.ts';

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

const typeWords: Record<string, string> = {
  string: 'a text; put it in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys and values',
  record: 'a mapping of keys and values',
  null: 'empty',
};

/** Allowed keys travel in the message of `unrecognized_keys`, which zod hands over without them. */
const separator = '\n';

/** `data` is what was parsed, without its free keys; `value` is null while something is wrong. */
export type Parsed<T> = { value: T | null; data: unknown; objections: Objection[] };

/**
 * Parses `data`, which is not changed. Keys that begin with `x-` are free wherever a schema knows its keys.
 * Everything wrong comes back at once.
 */
export function parseWritten<T>(schema: z.ZodType<T>, data: unknown): Parsed<T> {
  const copy: unknown = structuredClone(data);
  for (;;) {
    const result = schema.safeParse(copy, { error: messageFor });
    if (result.success) return { value: result.data, data: copy, objections: [] };
    const issues = flatten(result.error.issues, []);
    const free = issues.flatMap(freeKeys);
    for (const path of free) removeAt(copy, path);
    if (free.length > 0) continue;
    return {
      value: null,
      data: copy,
      objections: withoutMisspelled(issues.flatMap((each) => toObjections(each, copy))),
    };
  }
}

/** A key that is missing because it was misspelled is reported once, where it stands. */
function withoutMisspelled(objections: Objection[]): Objection[] {
  const meant = new Set(objections.map(meantPath).flatMap((path) => (path === null ? [] : [pathText(path)])));
  return objections.filter(({ message, path }) => !(message.startsWith('is missing') && meant.has(pathText(path))));
}

/** Where an unknown key probably belongs. */
export function meantPath({ rule, path, remedy }: Objection): Path | null {
  const key = rule === 'unknown-key' ? /^did you mean "(.*)"\?$/.exec(remedy ?? '')?.[1] : undefined;
  return key === undefined ? null : [...path.slice(0, -1), key];
}

function freeKeys(issue: Issue): Path[] {
  if (issue.code !== 'unrecognized_keys') return [];
  return issue.keys.filter((key) => key.startsWith('x-')).map((key) => [...toPath(issue.path), key]);
}

/** Changes the data. */
export function removeAt(data: unknown, path: Path): void {
  const holder = valueAt(data, path.slice(0, -1));
  if (typeof holder === 'object' && holder !== null) Reflect.deleteProperty(holder, path.at(-1) ?? '');
}

/** The value at a path, undefined where there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, part) ? Reflect.get(value, part) : undefined;
  }
  return value;
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === 'symbol' ? String(part) : part));
}

/** Our words for what zod found; a message that the schema gives itself wins over these. */
function messageFor(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeWords[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys':
      return allowedKeys(issue.inst).join(separator);
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum));
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be at most ${issue.maximum}`
        : `must have at most ${issue.maximum} entries`;
    case 'invalid_format':
      return issue.format === 'starts_with'
        ? `must begin with ${String(issue.prefix)}`
        : `must look like ${issue.pattern}`;
    default:
      return '';
  }
}

function tooSmall(origin: string, minimum: number): string {
  if (origin === 'string') return minimum === 1 ? 'must not be empty' : `must have at least ${minimum} characters`;
  if (origin === 'array') return minimum === 1 ? 'must not be empty' : `must have at least ${minimum} entries`;
  return `must be at least ${minimum}`;
}

function allowedKeys(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null || !('shape' in schema)) return [];
  return typeof schema.shape === 'object' && schema.shape !== null ? Object.keys(schema.shape) : [];
}

/** Replaces an issue of a union by the issues of the branch that was probably meant. */
function flatten(issues: readonly Issue[], base: readonly PropertyKey[]): Issue[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path];
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ ...issue, path }];
    const branches = issue.errors.map((branch) => flatten(branch, path));
    const fitting = branches.filter((branch) => !branch.some((each) => isMismatch(each, path)));
    const meant = fitting.sort((a, b) => a.length - b.length)[0];
    if (meant !== undefined) return meant;
    return [{ ...issue, errors: [], path, message: issue.message || alternatives(branches.flat()) }];
  });
}

/** The value is of another type than this branch wants, so the branch was not meant. */
function isMismatch(issue: Issue, path: readonly PropertyKey[]): boolean {
  const codes = ['invalid_type', 'invalid_value', 'invalid_union'];
  return issue.path.length === path.length && codes.includes(issue.code);
}

function alternatives(issues: readonly Issue[]): string {
  const words = issues.map((issue) => issue.message.replace(/^must be (one of )?/, ''));
  return `must be ${[...new Set(words.flatMap((word) => word.split(' or ')))].join(' or ')}`;
}

function toObjections(issue: Issue, data: unknown): Objection[] {
  const path = toPath(issue.path);
  const base = { rule: 'schema', severity: 'error', path, at: 'value', remedy: null } as const;
  const value = valueAt(data, path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue, key));
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) return [unknownKind(issue, value)];
  if (issue.code === 'invalid_key') {
    return [{ ...base, at: 'key', message: issue.issues[0]?.message ?? 'is not a name that can be used here' }];
  }
  if (value === undefined && path.length > 0) return [{ ...base, message: `is missing${expected(issue.message)}` }];
  if (value === null)
    return [{ ...base, message: `is empty${expected(issue.message)}`, remedy: 'give it a value or remove it' }];
  const choices = issue.code === 'invalid_value' ? issue.values.filter((each) => typeof each === 'string') : [];
  const meant = typeof value === 'string' ? suggestion(value, choices) : null;
  return [{ ...base, message: issue.message, remedy: meant?.startsWith('did') ? meant : null }];
}

function expected(message: string): string {
  return message.startsWith('must be ') ? ` (${message.replace('; put it in quotes', '')})` : '';
}

function unknownKey(issue: Issue, key: string): Objection {
  const remedy = suggestion(key, issue.message.split(separator).filter(Boolean));
  const path = [...toPath(issue.path), key];
  return { rule: 'unknown-key', severity: 'error', path, at: 'key', message: 'unknown key', remedy };
}

function unknownKind(issue: Issue, value: unknown): Objection {
  const path = toPath(issue.path);
  const base = { rule: 'unknown-kind', severity: 'error', path, at: 'value' } as const;
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  const remedy = suggestion(typeof value === 'string' ? value : '', options);
  if (value === undefined) return { ...base, message: 'is missing', remedy };
  return { ...base, message: 'unknown kind', remedy };
}
