import { secretForms } from './forms.ts';

export const redacted = '[redacted]';

/** Longest secret prefix or suffix that a cut text may show. */
const shownByCut = 3;

/** A copy of a string or JSON value without any secret; keys included, numbers left alone. */
export type Redact = <T>(value: T) => T;

/**
 * Replaces every form in which a secret may turn up (see `secretForms`) by `[redacted]`, in strings and in all strings
 * and keys of JSON. Where a text was cut (`…` or `...`), the visible half of a secret goes too.
 */
export function redactor(secrets: readonly string[]): Redact {
  const forms = [...new Set(secrets.flatMap(secretForms))].filter((form) => !redacted.includes(form));
  if (forms.length === 0) return (value) => value;
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return cover(value, forms);
    if (Array.isArray(value)) return value.map(clean);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [cover(key, forms), clean(item)]));
  };
  return <T>(value: T): T => clean(value) as T;
}

type Span = { from: number; to: number };

/** Overlapping finds are covered as one, so that the rest of the second one does not stay visible. */
function cover(text: string, forms: readonly string[]): string {
  const spans = forms.flatMap((form) => [...occurrences(text, form), ...halves(text, form)]);
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
  return forms.some((form) => result.includes(form)) ? redacted : result;
}

function occurrences(text: string, form: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
    spans.push({ from: at, to: at + form.length });
  }
  return spans;
}

/** A secret's beginning right before a cut, and its end right after one. */
function halves(text: string, form: string): Span[] {
  const spans: Span[] = [];
  for (const cut of text.matchAll(/\u2026|\.{3}/g)) {
    const after = cut.index + cut[0].length;
    for (let length = form.length - 1; length > shownByCut; length -= 1) {
      if (text.endsWith(form.slice(0, length), cut.index) && cut.index >= length) {
        spans.push({ from: cut.index - length, to: cut.index });
        break;
      }
    }
    for (let length = form.length - 1; length > shownByCut; length -= 1) {
      if (text.startsWith(form.slice(-length), after)) {
        spans.push({ from: after, to: after + length });
        break;
      }
    }
  }
  return spans;
}
