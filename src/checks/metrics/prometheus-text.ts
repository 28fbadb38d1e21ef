import type { Json } from '../../release/json.ts';

/** One series of a family. `value`: of counters, gauges and what has no type; `count`: of histograms and summaries. */
export type Series = { labels: Record<string, string>; value: number };
/** `type`: in small letters, `untyped` where the page says nothing. */
export type Family = { name: string; type: string; series: Series[] };

type Parsed = {
  name: string;
  type: string;
  metrics: { value?: string; count?: string; labels?: Record<string, string> }[];
};

/**
 * Families of the Prometheus text format (prometheus.io, "Exposition formats"), by the package that reads it.
 * @returns null for what is no such text
 */
export async function familiesOf(text: string): Promise<Map<string, Family> | null> {
  const parse = await parser();
  const found = readable(parse, text);
  if (found === null) return null;
  const families = found.map(({ name, type, metrics }): Family => {
    const series = metrics.map(({ value, count, labels = {} }) => ({
      labels,
      value: Number(value ?? count ?? Number.NaN),
    }));
    return { name, type: type.toLowerCase(), series };
  });
  return new Map(families.map((family) => [family.name, family]));
}

type Parse = (text: string) => unknown;

/** The package is CommonJS and has no types. */
async function parser(): Promise<Parse> {
  const name = 'parse-prometheus-text-format';
  const loaded: unknown = await import(name);
  let found: unknown = loaded;
  while (typeof found === 'object' && found !== null && 'default' in found) found = found.default;
  if (typeof found !== 'function') throw new TypeError(`${name} exports no function`);
  return (text) => Reflect.apply(found, undefined, [text]) as Json;
}

function readable(parse: Parse, text: string): Parsed[] | null {
  // The package skips what it cannot read; a page of HTML is not a page without series.
  if (!/^[a-zA-Z_:][\w:]*(\{.*\})? +[-+]?(\d|NaN|Inf)/m.test(text)) return null;
  try {
    return parse(text) as Parsed[];
  } catch {
    return null;
  }
}
