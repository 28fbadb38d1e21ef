import type { Answer, Asking, Check } from '../release/check.ts';
import { answerOf, pending } from './answer.ts';
import { exchange, NoAnswer } from './http/http-exchange.ts';
import { pathProblem } from './http/http-judging.ts';
import { answerToSilence } from './http/http-silence.ts';
import { firstAt } from './http/json-values.ts';
import { addressOf, addressProblem } from './http/request.ts';
import type { StatusPageSpec } from './status-page.schema.ts';

/** Reads a status page, of the application itself or of a service that it needs. */
export const statusPage: Check<StatusPageSpec> = { ask };

async function ask({ spec, signal }: Asking<StatusPageSpec>): Promise<Answer> {
  const problem = addressProblem(spec.url) ?? pathProblem([spec.path]);
  if (problem !== null) return pending(problem, '', 'correct the plan or the value that it refers to');
  const address = addressOf(spec.url);
  try {
    const { status, body } = await exchange(spec, 5, signal);
    if (status >= 300) return failed(`${address} answered ${status}`, body);
    return judged(spec, address, body);
  } catch (error) {
    if (error instanceof NoAnswer) return answerToSilence(address, error, spec.timeout);
    throw error;
  }
}

const remedy = 'read the status page, and wait or ask who runs it';

function failed(summary: string, body: string): Answer {
  return answerOf({
    failures: [summary],
    warnings: [],
    seen: body,
    good: '',
    remedy: 'check the address of the status page',
  });
}

function judged(spec: StatusPageSpec, address: string, body: string): Answer {
  const state = firstAt(spec.path, body);
  if (state === null) return failed(`${address} tells no state at ${spec.path}`, body);
  const components = spec.components.map((name) => ({
    name,
    state: firstAt(`$.components[?@.name==${JSON.stringify(name)}].status`, body),
  }));
  const all = [{ name: 'the whole', state }, ...components];
  const say = (each: (typeof all)[number]): string => `${each.name} is ${each.state ?? 'not on the page'}`;
  const isIn = (list: readonly string[], each: (typeof all)[number]): boolean => list.includes(each.state ?? '');
  const others = all.filter((each) => !isIn(spec.good, each));
  return answerOf({
    failures: others.filter((each) => !isIn(spec.warn, each)).map(say),
    warnings: others.filter((each) => isIn(spec.warn, each)).map(say),
    seen: [address, ...all.map(say), firstAt('$.status.description', body) ?? ''].join('\n').trim(),
    good: `${address} says ${state}`,
    remedy,
  });
}
