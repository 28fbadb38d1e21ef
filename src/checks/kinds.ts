import type { Check } from '../release/check.ts';
import { TargetFailure } from '../release/failure.ts';
import type { Json } from '../release/json.ts';
import type { CheckKind } from './kinds.schema.ts';

/** A check whose spec was accepted by the schema of its kind; to everybody else the spec is opaque. */
const loaders: Record<CheckKind, () => Promise<unknown>> = {
  http: async () => (await import('./http/http.ts')).http,
  sql: async () => (await import('./sql/sql.ts')).sql,
  command: async () => (await import('./command.ts')).command,
  attest: async () => (await import('./attest/attest.ts')).attest,
  flow: async () => (await import('./flow/flow.ts')).flow,
  env: async () => (await import('./env.ts')).env,
  'rate-limit': async () => (await import('./rate-limit.ts')).rateLimit,
  cors: async () => (await import('./cors.ts')).cors,
  cookies: async () => (await import('./cookies/cookies.ts')).cookies,
  tls: async () => (await import('./tls.ts')).tls,
  dns: async () => (await import('./dns.ts')).dns,
  logs: async () => (await import('./logs/logs.ts')).logs,
  'secrets-in-logs': async () => (await import('./logs/secrets-in-logs.ts')).secretsInLogs,
  backup: async () => (await import('./backup.ts')).backup,
  'status-page': async () => (await import('./status-page.ts')).statusPage,
  uptime: async () => (await import('./uptime.ts')).uptime,
  redis: async () => (await import('./redis/redis.ts')).redis,
  queue: async () => (await import('./redis/queue.ts')).queue,
  mail: async () => (await import('./mail/mail.ts')).mail,
  delivered: async () => (await import('./mail/delivered.ts')).delivered,
  browser: async () => (await import('./browser/browser.ts')).browser,
  migrations: async () => (await import('./migrations/migrations.ts')).migrations,
  metrics: async () => (await import('./metrics/metrics.ts')).metrics,
  latency: async () => (await import('./latency.ts')).latency,
  prometheus: async () => (await import('./prometheus/prometheus.ts')).prometheus,
  'cloudwatch-alarms': async () => (await import('./cloudwatch/cloudwatch-alarms.ts')).cloudwatchAlarms,
  'cloudwatch-logs': async () => (await import('./cloudwatch/cloudwatch-logs.ts')).cloudwatchLogs,
  'cloudwatch-metric': async () => (await import('./cloudwatch/cloudwatch-metric.ts')).cloudwatchMetric,
};

/** @throws TargetFailure `invalid-input` that lists the kinds */
export async function loadCheck(kind: string): Promise<Check<Json>> {
  if (!Object.hasOwn(loaders, kind)) {
    const known = Object.keys(loaders).join(', ');
    throw new TargetFailure('invalid-input', `there is no kind of check called ${kind}; known are ${known}`);
  }
  return (await loaders[kind as CheckKind]()) as Check<Json>;
}
