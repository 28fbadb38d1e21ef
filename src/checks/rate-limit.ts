import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, Asking, Check } from '../release/check.ts';
import { answerOf, pending } from './answer.ts';
import { headerProblems } from './http/expectations.ts';
import { type Exchange, exchange, NoAnswer } from './http/http-exchange.ts';
import { answerToSilence } from './http/http-silence.ts';
import { addressOf, addressProblem } from './http/request.ts';
import type { RateLimitSpec } from './rate-limit.schema.ts';

/** Sends a request until it is refused with 429, and looks how many were let through and what was said. */
export const rateLimit: Check<RateLimitSpec> = { ask };

async function ask({ spec, signal }: Asking<RateLimitSpec>): Promise<Answer> {
  const problem = addressProblem(spec.url);
  if (problem !== null) return pending(problem, '', 'correct the plan or the value that it refers to');
  try {
    return judged(spec, await sendUntilRefused(spec, signal));
  } catch (error) {
    if (error instanceof NoAnswer) return answerToSilence(addressOf(spec.url), error, spec.timeout);
    throw error;
  }
}

/** `late`: the time was over before anything was known. */
type Sent = { let: Exchange[]; refused: Exchange | null; late?: boolean };

async function sendUntilRefused(spec: RateLimitSpec, signal: AbortSignal): Promise<Sent> {
  const sent: Sent = { let: [], refused: null };
  const most = spec.allowed.max ?? 0;
  const endsAt = performance.now() + spec.timeout;
  while (sent.let.length <= most) {
    const leftMs = Math.ceil(endsAt - performance.now());
    if (leftMs <= 0) return { ...sent, late: true };
    const got = await exchange({ ...spec, timeout: leftMs }, 0, signal);
    if (got.status === 429) return { ...sent, refused: got };
    sent.let.push(got);
    if (got.status >= 500) return sent;
    if (spec.pause > 0) await wait(spec.pause, undefined, { signal });
  }
  return sent;
}

function judged(spec: RateLimitSpec, { let: through, refused, late }: Sent): Answer {
  const address = addressOf(spec.url);
  if (late) {
    const summary = `only ${through.length} requests could be sent to ${address} within ${spec.timeout} ms`;
    return pending(summary, '', 'give it more time, or shorter pauses');
  }
  const last = through.at(-1);
  const remedy = 'see the settings of the limiter, and whether its store (such as Redis) can be reached';
  if (through.length === 0 && refused !== null) {
    return pending(
      `the very first request to ${address} was refused: the limit was used up already`,
      '',
      'wait until it is free again',
    );
  }
  const broken = last !== undefined && last.status >= 500 ? [`it answered ${last.status}`] : [];
  return answerOf({
    failures: [
      ...broken,
      ...(broken.length > 0 ? [] : limitProblems(spec, through.length, refused)),
      ...remainingProblems(spec, through),
    ],
    warnings:
      refused !== null && refused.headers['retry-after'] === undefined ? ['429 says nothing in Retry-After'] : [],
    seen: `${spec.method} ${address}: ${statusesOf(through)}${refused === null ? '' : ', then 429'}`,
    good: `${address} let ${through.length} requests through, then refused`,
    remedy,
  });
}

function limitProblems({ allowed, header }: RateLimitSpec, count: number, refused: Exchange | null): string[] {
  if (refused === null) return [`${count} requests were let through and none was refused with 429`];
  const { min = 0 } = allowed;
  const early = count < min ? [`only ${count} requests were let through, expected at least ${min}`] : [];
  const headers = Object.entries(header).flatMap(([name, wanted]) =>
    headerProblems(name, refused.headers[name.toLowerCase()], wanted),
  );
  return [...early, ...headers];
}

/** The numbers of what is left, which must fall. */
function remainingProblems({ remaining }: RateLimitSpec, through: readonly Exchange[]): string[] {
  if (remaining === undefined) return [];
  const written = through.map(({ headers }) => headers[remaining.toLowerCase()]);
  if (written.some((value) => value === undefined || !/^\d+$/.test(value)))
    return [`header ${remaining} is missing or no number`];
  const numbers = written.map(Number);
  const falls = numbers.every((number, index) => index === 0 || number < (numbers[index - 1] ?? 0));
  return falls ? [] : [`header ${remaining} does not fall: ${numbers.slice(0, 5).join(', ')}`];
}

function statusesOf(through: readonly Exchange[]): string {
  const counts = new Map<number, number>();
  for (const { status } of through) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(', ');
}
