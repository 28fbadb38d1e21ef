import type { App } from './request.ts';

/** The page that Prometheus scrapes, in its text format. */
export function metricsOf({ state }: App): string {
  const campaigns = new Map<string, number>();
  for (const { tenant } of state.campaigns) campaigns.set(tenant, (campaigns.get(tenant) ?? 0) + 1);
  return [
    '# TYPE shop_requests_total counter',
    `shop_requests_total ${state.requests}`,
    '# TYPE shop_webhooks_total counter',
    `shop_webhooks_total ${state.events.length}`,
    '# TYPE shop_campaigns gauge',
    ...[...campaigns].map(([tenant, count]) => `shop_campaigns{tenant="${tenant}"} ${count}`),
    '',
  ].join('\n');
}
