import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, Asking, Check } from '../../release/check.ts';
import { answerOf, pending } from '../answer.ts';
import { type Exchange, NoAnswer } from '../http/http-exchange.ts';
import { judge, pathProblem } from '../http/http-judging.ts';
import { answerToSilence } from '../http/http-silence.ts';
import { addressOf, addressProblem } from '../http/request.ts';
import { masked } from '../logs/log-lines.ts';
import type { FlowSpec, FlowStep, RequestStep } from './flow.schema.ts';
import { closeMailboxes, type Mailboxes, openMailboxes, takeMail } from './flow-mail.ts';
import { captured, filled, startingValues, withoutValues } from './flow-values.ts';
import { cookieOf, newVisitor, type Visitor, visit } from './visitor.ts';

/** Goes through several requests as one visitor does, and stops at the first that is not answered as expected. */
export const flow: Check<FlowSpec> = { ask };

type Going = {
  visitor: Visitor;
  /** Opened before the first step: what is in them by then is old. */
  mailboxes: Mailboxes;
  /** Of the plan, then what answers gave. */
  values: Map<string, string>;
  captured: Map<string, string>;
  lines: string[];
  warnings: string[];
  endsAt: number;
  signal: AbortSignal;
};

async function ask({ spec, signal }: Asking<FlowSpec>): Promise<Answer> {
  const values = startingValues(spec.values);
  const mailboxes = await openMailboxes(spec.steps, values, signal);
  const going: Going = {
    visitor: newVisitor(),
    mailboxes,
    values,
    captured: new Map(),
    lines: [],
    warnings: [],
    endsAt: performance.now() + spec.timeout,
    signal,
  };
  try {
    return await gone(spec, going);
  } finally {
    await closeMailboxes(mailboxes);
  }
}

async function gone(spec: FlowSpec, going: Going): Promise<Answer> {
  for (const step of spec.steps) {
    const ended = 'mail' in step ? await takeMail(step, spec, going) : await take(step, spec, going);
    if (ended !== null) return toldWithout(ended, going);
    if (performance.now() > going.endsAt) return tooSlow(step, spec, going);
  }
  const { lines, warnings } = going;
  const good = `${spec.steps.length} steps went as expected`;
  return answerOf({ failures: [], warnings, seen: lines.join('\n'), good, remedy: 'see the log of the service' });
}

function tooSlow({ name }: FlowStep, { timeout }: FlowSpec, { lines }: Going): Answer {
  return answerOf({
    failures: [`the flow took more than ${timeout} ms, up to and with "${name}"`],
    warnings: [],
    seen: lines.join('\n'),
    good: '',
    remedy: 'see which step is slow, or give the flow more time',
  });
}

/** Captured values are tokens and links to accounts more often than not. */
function toldWithout(answer: Answer, { captured: secret }: Going): Answer {
  const clean = (text: string): string => withoutValues(text, secret);
  return { ...answer, summary: clean(answer.summary), evidence: clean(answer.evidence) };
}

/** Takes one step until it is as expected. Null: the flow goes on. */
async function take(step: RequestStep, spec: FlowSpec, going: Going): Promise<Answer | null> {
  const endsAt = Math.min(performance.now() + step.within, going.endsAt);
  for (;;) {
    const answer = await takeOnce(step, spec, going);
    if (answer === null || answer.status === 'PENDING' || performance.now() + step.every > endsAt) return answer;
    await wait(step.every, undefined, { signal: going.signal });
  }
}

async function takeOnce(written: RequestStep, spec: FlowSpec, going: Going): Promise<Answer | null> {
  const { value, missing } = filled(written, going.values);
  if (missing.length > 0) return unusable(written.name, `nothing gave a value for ${missing.join(', ')}`);
  const step = { ...value, url: urlOf(value.url, spec.base), timeout: patience(value, going) };
  const problem = addressProblem(step.url) ?? pathProblem(Object.keys(step.expect.json));
  if (problem !== null) return unusable(step.name, problem);
  try {
    const follow = step.expect.redirect === undefined ? (step.follow ?? 5) : 0;
    const { got, url } = await visit(going.visitor, step, { follow, signal: going.signal });
    return await judged(step, { got, url }, going);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const answer = answerToSilence(addressOf(step.url), error, step.timeout);
    return {
      ...answer,
      summary: `"${step.name}": ${answer.summary}`,
      evidence: [...going.lines, answer.evidence].join('\n'),
    };
  }
}

function unusable(name: string, why: string): Answer {
  return pending(`"${name}": ${why}`, '', 'correct the plan or the value that it refers to');
}

function urlOf(written: string, base: string | undefined): string {
  return base !== undefined && URL.canParse(base) && URL.canParse(written, base)
    ? new URL(written, base).href
    : written;
}

function patience({ timeout }: RequestStep, { endsAt }: Going): number {
  return Math.max(1, Math.ceil(Math.min(timeout, endsAt - performance.now())));
}

type Got = { got: Exchange; url: string };

async function judged(step: RequestStep, { got, url }: Got, going: Going): Promise<Answer | null> {
  const { failures, warnings } = await judge(step.expect, got, url);
  const line = `${step.name}: ${step.method} ${addressOf(url)} → ${got.status} in ${Math.round(got.latencyMs)} ms`;
  const found = failures.length > 0 ? [] : await capture(step, { got, url }, going);
  const problems = [...failures, ...found];
  if (problems.length === 0) {
    going.lines.push(`✔ ${line}`);
    going.warnings.push(...warnings.map((warning) => `"${step.name}": ${warning}`));
    return null;
  }
  const body = step.expect.file === undefined ? masked(got.body) : `${got.bytes.length} bytes`;
  return answerOf({
    failures: problems.map((problem) => `"${step.name}": ${problem}`),
    warnings: [],
    seen: [...going.lines, `✘ ${line}`, body].join('\n'),
    good: '',
    remedy: 'compare the answer with what the plan expects, and see the log of the service',
  });
}

/** Takes the values that later steps need; says what is not there. */
async function capture(step: RequestStep, { got, url }: Got, going: Going): Promise<string[]> {
  const problems: string[] = [];
  for (const [name, how] of Object.entries(step.capture)) {
    const value = await captured(how, got, (cookie) => cookieOf(going.visitor, cookie, url));
    if (value === null) problems.push(`the answer has no value for ${name}`);
    else {
      going.values.set(name, value);
      going.captured.set(name, value);
    }
  }
  return problems;
}
