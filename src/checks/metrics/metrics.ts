import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Asking, Check } from '../../release/check.ts';
import { answerOf, pending } from '../answer.ts';
import { exchange, NoAnswer } from '../http/http-exchange.ts';
import { answerToSilence } from '../http/http-silence.ts';
import { addressOf, addressProblem } from '../http/request.ts';
import type { MetricsSpec, WantedSeries } from './metrics.schema.ts';
import { type Family, familiesOf } from './prometheus-text.ts';

/** Reads a page of metrics: what must be there is there, within its limits, and grows where it must. */
export const metrics: Check<MetricsSpec> = { ask };

type Page = Map<string, Family>;

async function ask({ spec, signal }: Asking<MetricsSpec>): Promise<Answer> {
  const problem = addressProblem(spec.url);
  if (problem !== null) return pending(problem, '', 'correct the plan or the value that it refers to');
  const address = addressOf(spec.url);
  try {
    const first = await read(spec, address, signal);
    if (!(first instanceof Map)) return first;
    if (!Object.values(spec.series).some(({ growing }) => growing))
      return judged(spec, address, { first, second: null });
    await sleep(spec.between, undefined, { signal });
    const second = await read(spec, address, signal);
    return second instanceof Map ? judged(spec, address, { first, second }) : second;
  } catch (error) {
    if (error instanceof NoAnswer) return answerToSilence(address, error, spec.timeout);
    throw error;
  }
}

/** The page, or the answer where there is none. */
async function read(spec: MetricsSpec, address: string, signal: AbortSignal): Promise<Page | Answer> {
  const { status, body } = await exchange(spec, 5, signal);
  const wrong = (summary: string): Answer =>
    answerOf({
      failures: [summary],
      warnings: [],
      seen: body,
      good: '',
      remedy: 'check the address and who may read it',
    });
  if (status >= 300) return wrong(`${address} answered ${status}`);
  return (await familiesOf(body)) ?? wrong(`${address} is no page of metrics`);
}

type Readings = { first: Page; second: Page | null };

function judged({ series }: MetricsSpec, address: string, readings: Readings): Answer {
  const names = Object.keys(series);
  const found = Object.entries(series).map(([name, wanted]) => judgedSeries(name, wanted, readings));
  return answerOf({
    failures: found.flatMap(({ problems }) => problems),
    warnings: [],
    seen: found.map(({ seen }) => seen).join('\n'),
    good: `${address} shows ${names.length === 1 ? names[0] : `all ${names.length} series`}`,
    remedy: 'see whether the code that counts it still runs, and what its labels are',
  });
}

function judgedSeries(
  name: string,
  wanted: WantedSeries,
  { first, second }: Readings,
): { problems: string[]; seen: string } {
  const family = first.get(name);
  const sum = sumOf(family, wanted);
  if (family === undefined || sum === null) {
    const labels = Object.entries(wanted.labels).map(([label, value]) => `${label}="${value}"`);
    const missing = `${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`} is not there`;
    return { problems: [missing], seen: missing };
  }
  const later = second === null ? null : sumOf(second.get(name), wanted);
  const grew = later !== null && later > sum;
  const seen = `${name} (${family.type}): ${sum}${second === null || !wanted.growing ? '' : `, then ${later ?? 'gone'}`}`;
  const problems = [
    ...(wanted.type === undefined || wanted.type === family.type
      ? []
      : [`${name} is a ${family.type}, expected a ${wanted.type}`]),
    ...(wanted.min !== undefined && !(sum >= wanted.min) ? [`${name} is ${sum}, expected at least ${wanted.min}`] : []),
    ...(wanted.max !== undefined && !(sum <= wanted.max) ? [`${name} is ${sum}, expected at most ${wanted.max}`] : []),
    ...(wanted.growing && !grew ? [`${name} does not grow: ${sum}, then ${later ?? 'gone'}`] : []),
  ];
  return { problems, seen };
}

/** Null where no series has the labels. */
function sumOf(family: Family | undefined, { labels }: WantedSeries): number | null {
  const fitting = (family?.series ?? []).filter((one) =>
    Object.entries(labels).every(([name, value]) => one.labels[name] === value),
  );
  return fitting.length === 0 ? null : fitting.reduce((sum, { value }) => sum + value, 0);
}
