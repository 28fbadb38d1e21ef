import { TargetFailure } from '../../release/failure.ts';
import { type Exchange, exchange, NoAnswer } from '../http/http-exchange.ts';
import { answerToSilence } from '../http/http-silence.ts';
import { addressOf } from '../http/request.ts';
import type { PrometheusSpec } from './prometheus.schema.ts';

/** `points`: by time in epoch milliseconds, oldest first; null where the value is NaN or no number at all. */
export type PromSeries = { labels: Record<string, string>; points: { atMs: number; value: number | null }[] };

/** What a query answered. `atMs`: the time of the server. `warnings`, `infos`: what Prometheus says about its answer. */
export type Told = {
  type: 'vector' | 'scalar' | 'matrix' | 'string';
  series: PromSeries[];
  atMs: number;
  warnings: string[];
  infos: string[];
};

export type Question = { path: 'query' | 'query_range'; form: Record<string, string> };

type Server = Pick<PrometheusSpec, 'url' | 'headers' | 'auth' | 'timeout' | 'ca'>;

/**
 * Asks the HTTP API of Prometheus (prometheus.io/docs/prometheus/latest/querying/api).
 *
 * @throws TargetFailure where there is no answer that could be judged: it is the monitor that fails, and nobody knows
 *   about the application. `invalid-input` for a query that Prometheus refuses
 */
export async function askPrometheus(server: Server, question: Question, signal: AbortSignal): Promise<Told> {
  const address = addressOf(server.url);
  try {
    const posted = await send(server, question, { method: 'POST', signal });
    // Some that only let people read refuse every POST.
    const got = [405, 501].includes(posted.status) ? await send(server, question, { method: 'GET', signal }) : posted;
    return toldBy(got, address);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const { summary, evidence } = answerToSilence(address, error, server.timeout);
    throw new TargetFailure('unreachable', summary, {
      evidence,
      remedy: 'check the address, and whether Prometheus runs',
    });
  }
}

function send(
  { url, headers, auth, timeout, ca }: Server,
  { path, form }: Question,
  { method, signal }: { method: 'POST' | 'GET'; signal: AbortSignal },
): Promise<Exchange> {
  const asked = new URL(url);
  asked.pathname = `${asked.pathname.replace(/\/+$/, '')}/api/v1/${path}`;
  const words = { ...form, timeout: `${timeout / 1000}` };
  if (method === 'GET') for (const [name, value] of Object.entries(words)) asked.searchParams.set(name, value);
  const body = method === 'GET' ? {} : { form: words };
  return exchange({ url: asked.href, method, headers, auth, timeout, ca, ...body }, 5, signal);
}

function toldBy({ status, body, headers }: Exchange, address: string): Told {
  const answer = parsed(body);
  if (!isObject(answer) || answer.status === undefined) throw noPrometheus(status, address, body);
  if (answer.status !== 'success') throw refusal(status, answer, address);
  const data = isObject(answer.data) ? answer.data : {};
  const warnings = textsOf(answer.warnings);
  const infos = textsOf(answer.infos);
  const { type, series } = resultOf(data, address);
  const newest = series[0]?.points.at(-1)?.atMs;
  const atMs = newest ?? (Date.parse(headers.date ?? '') || Date.now());
  return { type, series, atMs, warnings, infos };
}

function noPrometheus(status: number, address: string, body: string): TargetFailure {
  const evidence = `${status}\n${body}`.slice(0, 300);
  if (status === 401 || status === 403) {
    const remedy = 'give auth, and let that user query';
    return new TargetFailure('permission', `${address} lets nobody ask without other credentials`, {
      evidence,
      remedy,
    });
  }
  const what = status < 300 ? 'does not speak the API of Prometheus' : `answered ${status}`;
  const remedy = 'check the address: with the path of Prometheus where it has one, and without /api/v1';
  return new TargetFailure('failed', `${address} ${what}`, { evidence, remedy });
}

/** Error types: web/api/v1/api.go of Prometheus. */
function refusal(status: number, { error, errorType }: Record<string, unknown>, address: string): TargetFailure {
  const said = `${typeof error === 'string' ? error : status}`.slice(0, 200);
  const evidence = `${status} ${errorType}: ${said}`;
  if (errorType === 'bad_data') {
    const remedy = `correct the query; ${address}/graph shows what it finds`;
    return new TargetFailure('invalid-input', `Prometheus does not take the query: ${said}`, { evidence, remedy });
  }
  const remedy =
    errorType === 'execution'
      ? 'correct the query: its two sides may not match one to one, or it reads too many series'
      : 'try again, make the query cheaper, or give it a longer timeout';
  return new TargetFailure('failed', `Prometheus could not answer the query: ${said}`, { evidence, remedy });
}

function resultOf({ resultType, result }: Record<string, unknown>, address: string): Pick<Told, 'type' | 'series'> {
  const list = Array.isArray(result) ? result : [];
  switch (resultType) {
    case 'vector':
      return {
        type: resultType,
        series: list.map((one) => seriesOf(one, (each) => (each.value === undefined ? [] : [each.value]))),
      };
    case 'matrix':
      return { type: resultType, series: list.map((one) => seriesOf(one, (each) => listOf(each.values))) };
    case 'scalar':
      return { type: resultType, series: [{ labels: {}, points: [pointOf(list)] }] };
    case 'string':
      return { type: resultType, series: [] };
    default:
      throw noPrometheus(200, address, `resultType ${String(resultType)}`);
  }
}

/** A native histogram has no `value`, and is no number that a limit could be compared with. */
function seriesOf(one: unknown, pointsOf: (each: Record<string, unknown>) => unknown[]): PromSeries {
  const each = isObject(one) ? one : {};
  const labels = Object.entries(isObject(each.metric) ? each.metric : {}).map(([name, value]) => [name, String(value)]);
  return { labels: Object.fromEntries(labels), points: pointsOf(each).map(pointOf) };
}

/** `[<seconds>, "<number>"]`, with +Inf, -Inf and NaN. */
function pointOf(written: unknown): { atMs: number; value: number | null } {
  const [at, text] = listOf(written);
  const value = text === '+Inf' || text === '-Inf' ? Number(`${text}inity`) : Number(text ?? Number.NaN);
  return { atMs: Math.round(Number(at ?? 0) * 1000), value: Number.isNaN(value) ? null : value };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: unknown): string[] {
  return listOf(value).map(String);
}
