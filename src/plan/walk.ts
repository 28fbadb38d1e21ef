import type { Path } from './problem.ts';

/** Calls `visit` for every text in the data, with where it stands. */
export function eachText(data: unknown, visit: (text: string, path: Path) => void, path: Path = []): void {
  if (typeof data === 'string') visit(data, path);
  else if (Array.isArray(data)) for (const [index, item] of data.entries()) eachText(item, visit, [...path, index]);
  else if (typeof data === 'object' && data !== null) {
    for (const [key, value] of Object.entries(data)) eachText(value, visit, [...path, key]);
  }
}

/** A copy of the data with every text replaced by what `change` makes of it. Keys stay. */
export function mapTexts(data: unknown, change: (text: string) => string): unknown {
  if (typeof data === 'string') return change(data);
  if (Array.isArray(data)) return data.map((item) => mapTexts(item, change));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, mapTexts(value, change)]));
}
