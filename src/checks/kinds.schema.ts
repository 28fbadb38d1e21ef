import type { z } from 'zod';
import { attestSchema } from './attest/attest.schema.ts';
import { backupSchema } from './backup.schema.ts';
import { browserSchema } from './browser/browser.schema.ts';
import { cloudwatchAlarmsSchema } from './cloudwatch/cloudwatch-alarms.schema.ts';
import { cloudwatchLogsSchema } from './cloudwatch/cloudwatch-logs.schema.ts';
import { cloudwatchMetricSchema } from './cloudwatch/cloudwatch-metric.schema.ts';
import { commandSchema } from './command.schema.ts';
import { cookiesSchema } from './cookies/cookies.schema.ts';
import { corsSchema } from './cors.schema.ts';
import { dnsSchema } from './dns.schema.ts';
import { envSchema } from './env.schema.ts';
import { flowSchema } from './flow/flow.schema.ts';
import { httpSchema } from './http/http.schema.ts';
import { latencySchema } from './latency.schema.ts';
import { logsSchema } from './logs/logs.schema.ts';
import { secretsInLogsSchema } from './logs/secrets-in-logs.schema.ts';
import { deliveredSchema } from './mail/delivered.schema.ts';
import { mailSchema } from './mail/mail.schema.ts';
import { metricsSchema } from './metrics/metrics.schema.ts';
import { migrationsSchema } from './migrations/migrations.schema.ts';
import { prometheusSchema } from './prometheus/prometheus.schema.ts';
import { rateLimitSchema } from './rate-limit.schema.ts';
import { queueSchema } from './redis/queue.schema.ts';
import { redisSchema } from './redis/redis.schema.ts';
import { sqlSchema } from './sql/sql.schema.ts';
import { statusPageSchema } from './status-page.schema.ts';
import { tlsSchema } from './tls.schema.ts';
import { uptimeSchema } from './uptime.schema.ts';

/**
 * `atPreflight`: what holds in `preflight` where the plan says nothing. A kind that has it watches the running system, so
 * that what can end a watch is asked there too.
 */
export type CheckEntry = { schema: z.ZodObject; atPreflight?: Record<string, string> };

/** Every kind of check and what may be written for it. */
export const checkKinds = {
  http: { schema: httpSchema },
  sql: { schema: sqlSchema },
  command: { schema: commandSchema },
  attest: { schema: attestSchema },
  flow: { schema: flowSchema },
  env: { schema: envSchema },
  'rate-limit': { schema: rateLimitSchema },
  cors: { schema: corsSchema },
  cookies: { schema: cookiesSchema },
  tls: { schema: tlsSchema },
  dns: { schema: dnsSchema },
  logs: { schema: logsSchema },
  'secrets-in-logs': { schema: secretsInLogsSchema },
  backup: { schema: backupSchema },
  'status-page': { schema: statusPageSchema },
  uptime: { schema: uptimeSchema },
  redis: { schema: redisSchema },
  queue: { schema: queueSchema },
  browser: { schema: browserSchema },
  mail: { schema: mailSchema },
  delivered: { schema: deliveredSchema },
  migrations: { schema: migrationsSchema },
  metrics: { schema: metricsSchema },
  latency: { schema: latencySchema },
  prometheus: { schema: prometheusSchema, atPreflight: {} },
  'cloudwatch-alarms': { schema: cloudwatchAlarmsSchema, atPreflight: { withoutData: 'fail' } },
  'cloudwatch-logs': { schema: cloudwatchLogsSchema },
  'cloudwatch-metric': { schema: cloudwatchMetricSchema, atPreflight: {} },
} satisfies Record<string, CheckEntry>;

export type CheckKind = keyof typeof checkKinds;
