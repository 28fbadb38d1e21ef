import type { Answer, Asking, Check } from '../release/check.ts';
import { answerOf, pending } from './answer.ts';
import { holds, shown } from './http/expectations.ts';
import { exchange, NoAnswer } from './http/http-exchange.ts';
import { pathProblem } from './http/http-judging.ts';
import { answerToSilence } from './http/http-silence.ts';
import { firstAt } from './http/json-values.ts';
import { addressOf, addressProblem } from './http/request.ts';
import { timedLines } from './logs/log-times.ts';
import { sourcesOf } from './sources.ts';
import type { Pings, UptimeService, UptimeSpec } from './uptime.schema.ts';

/** Looks whether somebody watches the application from outside, and what they see. */
export const uptime: Check<UptimeSpec> = { ask };

async function ask({ spec, home, signal }: Asking<UptimeSpec>): Promise<Answer> {
  if (spec.service !== undefined) return await askService({ ...spec.service, timeout: spec.timeout }, signal);
  if (spec.pings === undefined) throw new TypeError('neither a service nor pings');
  const sources = await sourcesOf({ files: spec.pings.files, timeout: spec.timeout }, { home, signal });
  if (sources.length === 0) return pending(`there is no file ${spec.pings.files.join(', ')}`, '', 'check the path');
  return judgedPings(spec.pings, sources.map(({ text }) => text).join('\n'));
}

async function askService(spec: UptimeService & { timeout: number }, signal: AbortSignal): Promise<Answer> {
  const paths = [spec.state?.path, spec.ratio?.path].filter((path) => path !== undefined);
  const problem = addressProblem(spec.url) ?? pathProblem(paths);
  if (problem !== null) return pending(problem, '', 'correct the plan or the value that it refers to');
  const address = addressOf(spec.url);
  try {
    const { status, body } = await exchange(spec, 5, signal);
    // It is the monitor that does not answer, and what it would say about the application nobody knows.
    if (status >= 300)
      return pending(`${address} answered ${status}`, '', 'check the address and the key of the uptime service');
    return judgedService(spec, address, body);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const { summary, evidence } = answerToSilence(address, error, spec.timeout);
    return pending(summary, evidence, 'check the address of the uptime service, and whether it runs');
  }
}

function judgedService({ state, ratio }: UptimeService, address: string, body: string): Answer {
  const now = state === undefined ? null : firstAt(state.path, body);
  const share = ratio === undefined ? null : firstAt(ratio.path, body);
  const missing = [
    ...(state !== undefined && now === null ? [state.path] : []),
    ...(ratio !== undefined && !isNumber(share) ? [ratio.path] : []),
  ];
  if (missing.length > 0)
    return pending(
      `${address} tells nothing at ${missing.join(' and ')}`,
      '',
      'correct the path; the monitor may be a new one',
    );
  const up = Number(share);
  const say = (limit: number): string => `it was up ${share} % of the time, expected at least ${limit} %`;
  const low = ratio !== undefined && up < ratio.fail;
  return answerOf({
    failures: [
      ...(state !== undefined && !state.up.includes(now ?? '') ? [`the monitor says ${now}`] : []),
      ...(low ? [say(ratio.fail)] : []),
    ],
    warnings: ratio?.warn !== undefined && !low && up < ratio.warn ? [say(ratio.warn)] : [],
    seen: [`state ${now ?? '-'}`, `up ${share ?? '-'} %`].join(', '),
    good: [
      ...(now === null ? [] : [`the monitor says ${now}`]),
      ...(share === null ? [] : [`up ${share} % of the time`]),
    ].join(', '),
    remedy: 'see the incidents that the uptime service lists',
  });
}

function isNumber(text: string | null): boolean {
  return text !== null && text.trim() !== '' && Number.isFinite(Number(text));
}

function judgedPings({ holds: pieces, interval, over }: Pings, text: string): Answer {
  const now = Date.now();
  const wanted = timedLines(text).filter((line) => pieces.every((piece) => holds(line.text, piece)));
  if (wanted.some(({ atMs }) => atMs === null))
    return pending('the lines carry no time', '', 'let the application log times');
  const times = wanted.map(({ atMs }) => atMs ?? 0).filter((at) => at >= now - over && at <= now);
  const what = pieces.map(shown).join(' and ');
  const remedy = 'see whether the monitor runs, and whether it reaches the application';
  if (times.length === 0)
    return { status: 'FAIL', summary: `no ping that holds ${what} in the last ${over / 1000} s`, evidence: '', remedy };
  const ordered = [...times.sort((a, b) => a - b), now];
  const longest = Math.max(...ordered.slice(1).map((at, index) => at - (ordered[index] ?? at)));
  const gap = `${Math.round(longest / 1000)} s`;
  return answerOf({
    failures:
      longest > interval ? [`the longest time without a ping is ${gap}, expected at most ${interval / 1000} s`] : [],
    warnings: [],
    seen: `${times.length} pings, the last at ${new Date(ordered.at(-2) ?? now).toISOString()}`,
    good: `${times.length} pings, never more than ${gap} apart`,
    remedy,
  });
}
