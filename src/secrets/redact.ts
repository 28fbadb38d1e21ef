import { coreForms, secretForms } from './forms.ts';

export const redacted = '[redacted]';

/** Longest secret prefix or suffix that a text may show where a mark says that it was cut. */
const shownByMark = 3;
/** The same where a text of at least `longText` characters ends without a mark: it may have been cut there. */
const shownByEnd = 5;
const longText = 100;

/** A copy of a string or JSON value without any secret; keys included, numbers left alone. */
export type Redact = <T>(value: T) => T;

/**
 * Replaces every form in which a secret may turn up (see `secretForms`) by `[redacted]`, in strings and in all strings
 * and keys of JSON. Where a text was cut (`…`, `...` or the ends of a long text), the visible half of a secret goes too.
 */
export function redactor(secrets: readonly string[]): Redact {
  const formsBy = (make: (secret: string) => string[]): string[] =>
    [...new Set(secrets.flatMap(make))].filter((form) => !redacted.includes(form));
  const forms: Forms = { whole: formsBy(secretForms), core: formsBy(coreForms) };
  if (forms.whole.length === 0) return (value) => value;
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return cover(value, forms);
    if (Array.isArray(value)) return value.map(clean);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [cover(key, forms), clean(item)]));
  };
  return <T>(value: T): T => clean(value) as T;
}

type Span = { from: number; to: number };
type Forms = { whole: string[]; core: string[] };

/** Overlapping finds are covered as one, so that the rest of the second one does not stay visible. */
function cover(text: string, { whole, core }: Forms): string {
  const marks = [...text.matchAll(/\u2026+|\.{3,}/g)].map(({ index, 0: mark }) =>
    cutAt(text, { from: index, to: index + mark.length }, shownByMark),
  );
  const ends =
    text.length < longText ? [] : [0, text.length].map((at) => cutAt(text, { from: at, to: at }, shownByEnd));
  const spans = [
    ...whole.flatMap((form) => [...occurrences(text, form), ...halves(text, form, marks)]),
    ...core.flatMap((form) => halves(text, form, ends)),
  ];
  if (spans.length === 0) return text;
  spans.sort((a, b) => a.from - b.from);
  let out = '';
  let end = 0;
  for (const { from, to } of spans) {
    if (to <= end) continue;
    if (from >= end) out += text.slice(end, from) + redacted;
    end = to;
  }
  const result = out + text.slice(end);
  return whole.some((form) => result.includes(form)) ? redacted : result;
}

function occurrences(text: string, form: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
    spans.push({ from: at, to: at + form.length });
  }
  return spans;
}

/**
 * Where a text was cut. `shown`: how many characters of a secret may be seen there; `before` and `after`: one more than
 * that, to pass over most forms quickly.
 */
type Cut = Span & { shown: number; before: string; after: string };

function cutAt(text: string, { from, to }: Span, shown: number): Cut {
  return {
    from,
    to,
    shown,
    before: text.slice(Math.max(0, from - shown - 1), from),
    after: text.slice(to, to + shown + 1),
  };
}

/** A secret's beginning right before a cut, and its end right after one. */
function halves(text: string, form: string, cuts: readonly Cut[]): Span[] {
  const spans: Span[] = [];
  for (const { from, to, shown, before, after } of cuts) {
    const beginning = before.length > shown && form.includes(before) ? beginningBefore(text, form, from) : 0;
    const end = after.length > shown && form.includes(after) ? endAfter(text, form, to) : 0;
    if (beginning > shown) spans.push({ from: from - beginning, to: from });
    if (end > shown) spans.push({ from: to, to: to + end });
  }
  return spans;
}

/** Length of the longest beginning of `form` that the text has right before `at`. */
function beginningBefore(text: string, form: string, at: number): number {
  for (let length = Math.min(form.length - 1, at); length > 0; length -= 1)
    if (text.endsWith(form.slice(0, length), at)) return length;
  return 0;
}

/** Length of the longest end of `form` that the text has right after `at`. */
function endAfter(text: string, form: string, at: number): number {
  for (let length = form.length - 1; length > 0; length -= 1)
    if (text.startsWith(form.slice(-length), at)) return length;
  return 0;
}
