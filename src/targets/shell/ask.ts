import type { Json } from '../../release/json.ts';

/** `body` is cut off above 64 MB. `problem`: why there was no answer, in words. */
export type Reply = { status: number; body: Buffer } | { problem: string };

/** One GET on a connection of its own, so that no open connection keeps an old version from ending. */
export async function get(url: string, timeoutMs: number, signal: AbortSignal): Promise<Reply> {
  const { request } = await import('undici');
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const answer = await request(url, { reset: true, signal: limit, headers: { 'cache-control': 'no-cache' } });
    return { status: answer.statusCode, body: Buffer.from(await answer.body.arrayBuffer()) };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) return { problem: `no answer within ${timeoutMs} ms` };
    return { problem: problemOf(error) };
  }
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

export function isGood(reply: Reply): reply is { status: number; body: Buffer } {
  return 'status' in reply && reply.status >= 200 && reply.status < 300;
}

/** The first words of an answer, for people. */
export function saidBy(reply: Reply): string {
  if ('problem' in reply) return reply.problem;
  return `${reply.status} ${reply.body.toString('utf8').slice(0, 200).replaceAll(/\s+/g, ' ')}`.trim();
}

/** The value at a plain path such as `$.version` or `$.build[0].id`; undefined where there is none. */
export function valueAt(body: Buffer, path: string): string | undefined {
  let value: Json | undefined;
  try {
    value = JSON.parse(body.toString('utf8')) as Json;
  } catch {
    return undefined;
  }
  for (const [, name, index] of path.slice(1).matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)) {
    if (value === null || typeof value !== 'object') return undefined;
    if (index !== undefined) value = Array.isArray(value) ? value[Number(index)] : undefined;
    else value = Array.isArray(value) ? undefined : value[name ?? ''];
    if (value === undefined) return undefined;
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
