import type { Answer, Asking, Check } from '../../release/check.ts';
import { TargetFailure } from '../../release/failure.ts';
import { runCommand } from '../../targets/shell/run.ts';
import { answerOf, pending } from '../answer.ts';
import { systemClock } from '../clock.ts';
import { filled, startingValues } from '../flow/flow-values.ts';
import { pathProblem } from '../http/http-judging.ts';
import { firstAt } from '../http/json-values.ts';
import { addressProblem } from '../http/request.ts';
import { missed } from '../limits.ts';
import { type Look, openPlace, type Place } from './arrival-place.ts';
import type { DeliveredSpec } from './delivered.schema.ts';
import { type Sent, sendTrigger } from './trigger.ts';

/** Sends something that nobody else sends, and waits until it arrives where people would see it. */
export const delivered: Check<DeliveredSpec> = { ask };

/** First and longest pause between two looks: a tracker counts requests too. */
const pausesMs = { first: 200, longest: 2_000 };

async function ask(asking: Asking<DeliveredSpec>): Promise<Answer> {
  const { spec: written, home, signal } = asking;
  const values = startingValues(written.values);
  const unique = values.get('unique') ?? '';
  const { cleanup, ...others } = written;
  const { value: spec, missing } = filled(others, values);
  const unusable =
    missing.length > 0
      ? `nothing gives a value for ${missing.join(', ')}`
      : (pathProblem(Object.values(spec.capture)) ?? (spec.send === undefined ? null : addressProblem(spec.send.url)));
  if (unusable !== null) return pending(unusable, '', 'correct the plan or the value that it refers to');
  const place = await openPlace(spec.arrives, { home, signal, unique });
  const going: Going = { place, values, cleanup, asking: { ...asking, spec: { ...spec, cleanup } } };
  let notRemoved: string[] = [];
  let answer: Answer;
  try {
    const sent = await send(going);
    if ('answer' in sent) return sent.answer;
    const arrived = await waited(sent.at, going);
    notRemoved = await removedAgain(arrived, going);
    answer = judged(arrived, sent, going);
  } finally {
    await place.close(!signal.aborted).catch((error: unknown) => {
      if (!(error instanceof TargetFailure)) throw error;
      notRemoved = [error.message];
    });
  }
  return notRemoved.length === 0 ? answer : withWarnings(answer, notRemoved);
}

type Going = {
  place: Place;
  values: Map<string, string>;
  /** As written: what it needs may only be known at the end. */
  cleanup: DeliveredSpec['cleanup'];
  asking: Asking<DeliveredSpec>;
};

async function send({ asking }: Going): Promise<Sent | { answer: Answer }> {
  const { spec, home, version, signal } = asking;
  if (spec.run === undefined) return await sendTrigger(spec.send, signal);
  const { command, timeout } = spec.run;
  const at = performance.now();
  const env = { SAVEPOINT_VERSION: version };
  const ran = await runCommand({ command, cwd: home, env, timeoutMs: timeout, signal });
  const name = command[0] ?? '';
  if (ran.exitCode === 0) return { at, lines: [`${name} ended well`], body: '' };
  const how = ran.timedOut ? `did not finish within ${timeout} ms` : `ended with exit code ${ran.exitCode}`;
  const seen = ran.output.trim().split('\n').slice(-4).join('\n');
  const remedy = `run ${name} by hand and see what it says`;
  return { answer: answerOf({ failures: [`${name}, which sends it, ${how}`], warnings: [], seen, good: '', remedy }) };
}

/** `unseen`: why the last look was none. */
type Waited = { look: Look; tookMs: number; unseen: TargetFailure | null };

async function waited(begun: number, { place, asking }: Going): Promise<Waited> {
  const { spec, signal } = asking;
  let pauseMs = pausesMs.first;
  for (;;) {
    const { look, unseen } = await lookOnce(place);
    const tookMs = performance.now() - begun;
    if (look.found || tookMs > spec.arrival.fail) return { look, tookMs, unseen };
    await systemClock.sleep(Math.max(1, Math.min(pauseMs, spec.arrival.fail - tookMs + 1)), signal);
    pauseMs = Math.min(pauseMs * 1.5, pausesMs.longest);
  }
}

/** One look that fails is not the end: a tracker may be busy. */
async function lookOnce(place: Place): Promise<Pick<Waited, 'look' | 'unseen'>> {
  try {
    return { look: await place.look(), unseen: null };
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    return { look: { found: false }, unseen: error };
  }
}

function judged({ look, tookMs, unseen }: Waited, { lines }: Sent, { place, values, asking }: Going): Answer {
  const { arrival } = asking.spec;
  if (!look.found && unseen !== null) {
    return pending(unseen.message, lines.join('\n'), unseen.details.remedy ?? 'see where it should arrive');
  }
  const ms = Math.round(tookMs);
  const late = missed(
    { ...arrival, fail: null },
    (limit) => tookMs > limit,
    (limit) => `it took ${ms} ms to arrive, limit ${limit} ms`,
  );
  const where = `looked for ${values.get('unique')} at ${place.name}`;
  return answerOf({
    failures: look.found ? [] : [`what was sent did not arrive at ${place.name} within ${arrival.fail} ms`],
    warnings: look.found ? late.warnings : [],
    seen: [...lines, look.found ? `${where}: there after ${ms} ms` : `${where}: not there`].join('\n'),
    good: `what was sent arrived at ${place.name} after ${ms} ms`,
    remedy: 'see whether the service sends, with which key and address, and what the receiver drops or groups',
  });
}

/** Says what could not be removed. What never arrived needs no removal, so then nothing is told. */
async function removedAgain({ look }: Waited, { values, cleanup, asking }: Going): Promise<string[]> {
  if (cleanup === undefined) return [];
  const known = new Map(values);
  for (const [name, path] of Object.entries(asking.spec.capture)) {
    const value = look.found ? firstAt(path, look.body) : null;
    if (value !== null) known.set(name, value);
  }
  const { value: request, missing } = filled(cleanup, known);
  if (missing.length > 0) return look.found ? [`not removed again: the answer has no ${missing.join(', ')}`] : [];
  const problem = addressProblem(request.url);
  if (problem !== null) return [`not removed again: ${problem}`];
  const sent = await sendTrigger(request, asking.signal);
  return 'answer' in sent && look.found ? [`not removed again: ${sent.answer.summary}`] : [];
}

function withWarnings(answer: Answer, warnings: string[]): Answer {
  if (answer.status === 'FAIL' || answer.status === 'PENDING') {
    return { ...answer, evidence: [answer.evidence, ...warnings].join('\n') };
  }
  const remedy = 'remove it by hand, and correct `cleanup`';
  return answerOf({ failures: [], warnings, seen: `${answer.summary}\n${answer.evidence}`, good: '', remedy });
}
