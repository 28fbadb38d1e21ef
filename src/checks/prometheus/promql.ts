/** Selectors in these look at another time than now, or ask whether something is missing. */
const elsewhere = new Set(['OffsetExpr', 'StepInvariantExpr', 'Absent', 'AbsentOverTime']);

/**
 * Every selector of a query that reads what is scraped now, without its range, each once; none where the query is not
 * the PromQL that the parser of Prometheus knows.
 */
export async function selectorsOf(query: string): Promise<string[]> {
  const { parser } = await import('@prometheus-io/lezer-promql');
  const found = new Set<string>();
  let broken = false;
  parser.parse(query).iterate({
    enter: ({ name, type, node, from, to }) => {
      if (type.isError) broken = true;
      if (elsewhere.has(name)) return false;
      if (name === 'FunctionCall' && elsewhere.has(node.firstChild?.firstChild?.name ?? '')) return false;
      if (name === 'VectorSelector') found.add(query.slice(from, to));
      return !broken;
    },
  });
  return broken ? [] : [...found];
}

/** A selector of exactly these labels. PromQL writes texts as Go does, and takes what JSON makes of them. */
export function selectorFor(metric: string, labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${metric}{${matchers.join(',')}}`;
}
