/** Counters by name, seconds by histogram. */
export type Metrics = { counters: Map<string, number>; seconds: Map<string, number[]> };

const counterNames = [
  'http_requests_total',
  'sms_webhooks_received_total',
  'sms_template_previews_total',
  'sms_messages_enqueued_total',
  'report_cache_hits_total',
  'report_cache_misses_total',
] as const;
const histogramNames = ['http_request_duration_seconds', 'report_duration_seconds'] as const;

export type CounterName = (typeof counterNames)[number];
export type HistogramName = (typeof histogramNames)[number];

export function freshMetrics(): Metrics {
  return {
    counters: new Map(counterNames.map((name) => [name, 0])),
    seconds: new Map(histogramNames.map((name) => [name, []])),
  };
}

export function countUp({ counters }: Metrics, name: CounterName): void {
  counters.set(name, (counters.get(name) ?? 0) + 1);
}

export function observe({ seconds }: Metrics, name: HistogramName, value: number): void {
  seconds.get(name)?.push(value);
}

const buckets = [0.05, 0.1, 0.25, 0.5, 0.8, 1, 2.5];

function histogram(name: string, values: readonly number[]): string[] {
  const below = (limit: number): number => values.filter((value) => value <= limit).length;
  return [
    `# TYPE ${name} histogram`,
    ...buckets.map((limit) => `${name}_bucket{le="${limit}"} ${below(limit)}`),
    `${name}_bucket{le="+Inf"} ${values.length}`,
    `${name}_sum ${values.reduce((sum, value) => sum + value, 0)}`,
    `${name}_count ${values.length}`,
  ];
}

/** The text format of Prometheus. `depths`: jobs that wait, by queue. */
export function metricsPage(metrics: Metrics, depths: ReadonlyMap<string, number>, missing: readonly string[]): string {
  const hits = metrics.counters.get('report_cache_hits_total') ?? 0;
  const reads = hits + (metrics.counters.get('report_cache_misses_total') ?? 0);
  const blocks: [string, string[]][] = [
    ...[...metrics.counters].map(([name, value]): [string, string[]] => [
      name,
      [`# TYPE ${name} counter`, `${name} ${value}`],
    ]),
    ...[...metrics.seconds].map(([name, values]): [string, string[]] => [name, histogram(name, values)]),
    [
      'report_cache_hit_ratio',
      ['# TYPE report_cache_hit_ratio gauge', `report_cache_hit_ratio ${reads === 0 ? 1 : hits / reads}`],
    ],
    [
      'queue_depth',
      ['# TYPE queue_depth gauge', ...[...depths].map(([queue, depth]) => `queue_depth{queue="${queue}"} ${depth}`)],
    ],
  ];
  const shown = blocks.filter(([name]) => !missing.includes(name));
  return `${shown.flatMap(([, lines]) => lines).join('\n')}\n`;
}
