import type { Redis } from 'ioredis';
import type { Answer, Asking, Check } from '../../release/check.ts';
import { answerOf, pending } from '../answer.ts';
import { missed } from '../limits.ts';
import type { RedisCheckSpec } from './redis.schema.ts';
import { addressOf, answerToRedisError, openRedis } from './redis-connection.ts';

/** Asks a Redis server how it is; writes nothing. */
export const redis: Check<RedisCheckSpec> = { ask };

async function ask({ spec, signal }: Asking<RedisCheckSpec>): Promise<Answer> {
  signal.throwIfAborted();
  let client: Redis | null = null;
  try {
    client = await openRedis(spec);
    const begun = performance.now();
    await client.ping();
    const latencyMs = performance.now() - begun;
    return judged(spec, latencyMs, fieldsOf(await client.info()));
  } catch (error) {
    signal.throwIfAborted();
    const answer = answerToRedisError(spec.url, error);
    if (answer === null) throw error;
    return answer;
  } finally {
    client?.disconnect();
  }
}

/** Of `INFO` (Redis command reference): `name:value` lines. */
function fieldsOf(info: string): Map<string, string> {
  const pairs = info.split(/\r?\n/).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1)];
  });
  return new Map(pairs);
}

function judged(spec: RedisCheckSpec, latencyMs: number, fields: Map<string, string>): Answer {
  const used = Number(fields.get('used_memory') ?? 0);
  const most = Number(fields.get('maxmemory') ?? 0);
  if (spec.memory !== undefined && most === 0) {
    const remedy = 'set maxmemory, or leave memory out of the check';
    return pending(`${addressOf(spec.url)} has no maxmemory, so no share of it is used`, '', remedy);
  }
  const share = most === 0 ? null : Math.round((used / most) * 1000) / 10;
  const role = fields.get('role') ?? 'unknown';
  const policy = fields.get('maxmemory_policy') ?? 'unknown';
  const found = [
    missed(
      spec.latency,
      (limit) => latencyMs > limit,
      (limit) => `PING took ${latencyMs.toFixed(1)} ms, limit ${limit} ms`,
    ),
    missed(
      spec.memory,
      (limit) => (share ?? 0) > limit,
      (limit) => `${share} % of maxmemory is used, limit ${limit} %`,
    ),
  ];
  return answerOf({
    failures: [
      ...(role === spec.role ? [] : [`it is a ${role}, expected a ${spec.role}`]),
      ...(spec.policy === undefined || spec.policy === policy
        ? []
        : [`maxmemory-policy is ${policy}, expected ${spec.policy}`]),
      ...found.flatMap(({ failures }) => failures),
    ],
    warnings: found.flatMap(({ warnings }) => warnings),
    seen: [
      `role ${role}, PING ${latencyMs.toFixed(1)} ms`,
      `${Math.round(used / 1024)} KiB used${share === null ? '' : ` of maxmemory (${share} %)`}, policy ${policy}`,
      `Redis ${fields.get('redis_version') ?? 'of unknown version'}, ${fields.get('connected_clients') ?? '?'} clients`,
    ].join('\n'),
    good: `${addressOf(spec.url)} answers in ${latencyMs.toFixed(1)} ms`,
    remedy: 'see INFO of that server',
  });
}
