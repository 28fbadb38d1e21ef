import type { Redis } from 'ioredis';
import { TargetFailure } from '../../release/failure.ts';
import type { Finding, Survey } from '../../release/target.ts';
import { type Connection, type RedisCall, withRedis } from './connection.ts';
import { lookBelow, namesOf } from './flush.ts';

/** A survey looks at names for this long; a rollback looks at all of them. */
const lookForMs = 3_000;
const nearlyFull = 0.9;

export async function survey(call: RedisCall): Promise<Survey> {
  const { contents, prefix } = call.spec;
  const running = `${contents} ${prefix ?? ''}`.trim();
  try {
    const findings = await withRedis(call, async (connection) => {
      const found = await Promise.all(connection.nodes.map((node) => ofNode(call, node)));
      return [...found.flat(), ...(await belowPrefix(call, connection))];
    });
    return { findings, running };
  } catch (error) {
    // What may pass is tried again by whoever asked; the rest only a person can mend.
    if (!(error instanceof TargetFailure) || error.kind === 'unreachable' || error.kind === 'busy') throw error;
    const remedy = error.details.remedy ?? 'see the message';
    return { findings: [{ status: 'FAIL', what: error.message, remedy }], running };
  }
}

/** What a node says of itself, by name. Managed services forbid CONFIG; INFO has the policy as well. */
async function info(node: Redis): Promise<Map<string, string>> {
  const lines = (await node.info()).split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

async function ofNode({ spec }: RedisCall, node: Redis): Promise<Finding[]> {
  await node.ping();
  const said = await info(node);
  const policy = said.get('maxmemory_policy') ?? 'unknown';
  const [used, most] = [Number(said.get('used_memory') ?? 0), Number(said.get('maxmemory') ?? 0)];
  const of = most > 0 ? ` of ${said.get('maxmemory_human')}` : '';
  const findings: Finding[] = [
    { status: 'PASS', what: `it answers; ${said.get('used_memory_human') ?? '?'}${of} in use, ${policy}` },
  ];
  if (said.get('role') === 'slave') {
    findings.push({ status: 'FAIL', what: 'it is a replica', remedy: 'name the primary in `url`' });
  }
  if (said.get('cluster_enabled') === '1' && !spec.cluster) {
    findings.push({ status: 'FAIL', what: 'it is a node of a cluster', remedy: 'say `cluster: true`' });
  }
  if (most > 0 && used > most * nearlyFull) {
    findings.push({ status: 'WARN', what: 'its memory is nearly full', remedy: 'give it more, or cache less' });
  }
  return [...findings, ...ofPolicy(spec.contents, policy, most)];
}

function ofPolicy(contents: RedisCall['spec']['contents'], policy: string, most: number): Finding[] {
  if (contents === 'cache' && policy === 'noeviction' && most > 0) {
    const what = 'a cache that is full refuses what is new (noeviction)';
    return [{ status: 'WARN', what, remedy: 'use a policy such as allkeys-lru' }];
  }
  if (contents === 'queue' && policy !== 'noeviction' && policy !== 'unknown') {
    const what = `jobs may be thrown away when the memory is full (${policy})`;
    return [{ status: 'WARN', what, remedy: 'use the policy noeviction for a queue' }];
  }
  return [];
}

async function belowPrefix({ spec, signal }: RedisCall, connection: Connection): Promise<Finding[]> {
  const { contents, prefix } = spec;
  if (contents !== 'cache' || prefix === null) return [];
  const { keys, seen, complete } = await lookBelow(connection, { prefix, signal, withinMs: lookForMs });
  if (seen.length > 0) {
    const what = `${prefix} holds more than a cache: ${namesOf(seen).replaceAll('\n', ', ')}`;
    return [{ status: 'FAIL', what, remedy: 'choose a `prefix` that only cached keys have' }];
  }
  if (complete)
    return [{ status: 'PASS', what: `${keys} keys begin with ${prefix}, and none is known to be no cache` }];
  const what = `none of the first ${keys} keys below ${prefix} is known to be no cache; a rollback looks at all of them`;
  return [{ status: 'PASS', what }];
}
