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
  const marks = [...text.matchAll(/\u2026|\.{3}/g)].map(({ index, 0: mark }) => ({
    from: index,
    to: index + mark.length,
    shown: shownByMark,
  }));
  const ends = text.length < longText ? [] : [0, text.length].map((at) => ({ from: at, to: at, shown: shownByEnd }));
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

/** Where a text was cut, and how many characters of a secret may be shown there. */
type Cut = Span & { shown: number };

/** A secret's beginning right before a cut, and its end right after one. */
function halves(text: string, form: string, cuts: readonly Cut[]): Span[] {
  return cuts.flatMap(({ from, to, shown }) => {
    const longest = (isThere: (length: number) => boolean): number => {
      for (let length = form.length - 1; length > shown; length -= 1) if (isThere(length)) return length;
      return 0;
    };
    const before = longest((length) => from >= length && text.endsWith(form.slice(0, length), from));
    const after = longest((length) => text.startsWith(form.slice(-length), to));
    return [
      ...(before === 0 ? [] : [{ from: from - before, to: from }]),
      ...(after === 0 ? [] : [{ from: to, to: to + after }]),
    ];
  });
}
