import type { Answer } from '../../release/check.ts';
import { answerOf, pending } from '../answer.ts';
import { exchange, NoAnswer } from '../http/http-exchange.ts';
import { judge, pathProblem } from '../http/http-judging.ts';
import { answerToSilence } from '../http/http-silence.ts';
import { addressOf } from '../http/request.ts';
import type { TriggerSpec } from './mail.schema.ts';

/** `at`: on the stopwatch of this process. `lines`: evidence. */
export type Sent = { at: number; lines: string[]; body: string };

/** Sends the request that sets something off. An answer where it was not taken as expected: nothing can be waited for. */
export async function sendTrigger(
  spec: TriggerSpec | undefined,
  signal: AbortSignal,
): Promise<Sent | { answer: Answer }> {
  const at = performance.now();
  if (spec === undefined) return { at, lines: [], body: '' };
  const problem = pathProblem(Object.keys(spec.expect.json));
  if (problem !== null) return { answer: pending(problem, '', 'correct the plan') };
  const address = addressOf(spec.url);
  try {
    const got = await exchange(spec, 0, signal);
    const { failures, warnings } = await judge(spec.expect, got, spec.url);
    const line = `${spec.method} ${address} → ${got.status} in ${Math.round(got.latencyMs)} ms`;
    if (failures.length === 0) return { at, lines: [line, ...warnings], body: got.body };
    const failed = failures.map((failure) => `${spec.method} ${address}: ${failure}`);
    // Its answer may hold links and tokens of the account that it made.
    const remedy = 'compare the answer with what the plan expects, and see the log of the service';
    return { answer: answerOf({ failures: failed, warnings: [], seen: line, good: '', remedy }) };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { answer: answerToSilence(address, error, spec.timeout) };
  }
}
