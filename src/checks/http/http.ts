import type { Answer, Asking, Check } from '../../release/check.ts';
import { answerOf, pending } from '../answer.ts';
import type { HttpSpec } from './http.schema.ts';
import { type Exchange, exchange, NoAnswer } from './http-exchange.ts';
import { judge, pathProblem } from './http-judging.ts';
import { answerToSilence } from './http-silence.ts';
import { addressOf, addressProblem } from './request.ts';

/** Sends one request and compares the answer with what is expected. */
export const http: Check<HttpSpec> = { ask };

async function ask({ spec, signal }: Asking<HttpSpec>): Promise<Answer> {
  const unusable = addressProblem(spec.url) ?? pathProblem(Object.keys(spec.expect.json));
  if (unusable !== null) return pending(unusable, '', 'correct the plan or the value that it refers to');
  const address = addressOf(spec.url);
  const follow = spec.expect.redirect === undefined ? (spec.follow ?? 5) : 0;
  try {
    return await judged(spec, address, await exchange(spec, follow, signal));
  } catch (error) {
    if (error instanceof NoAnswer) return answerToSilence(address, error, spec.timeout);
    throw error;
  }
}

async function judged(spec: HttpSpec, address: string, got: Exchange): Promise<Answer> {
  const { failures, warnings } = await judge(spec.expect, got, spec.url);
  const body = spec.expect.file === undefined ? got.body : `${got.bytes.length} bytes`;
  return answerOf({
    failures,
    warnings,
    seen: `${spec.method} ${address} → ${got.status} in ${Math.round(got.latencyMs)} ms\n${body}`,
    good: `${address} answered ${got.status} as expected`,
    remedy: 'compare the answer with what the plan expects, and see the log of the service',
  });
}
