import { TargetFailure } from '../../release/failure.ts';
import { duration } from '../../release/wording.ts';
import type { PrometheusSpec } from './prometheus.schema.ts';
import { askPrometheus, type Told } from './prometheus-api.ts';
import { selectorFor, selectorsOf } from './promql.ts';

/** `problem`: what is not measured any more, null when everything is. `wholly`: nothing behind the query is, so that what is bad is old as well. */
export type Staleness = { problem: string | null; wholly: boolean; remedy: string };

const fresh: Staleness = { problem: null, wholly: false, remedy: '' };

/**
 * Is that which the query reads still measured? A rate goes on answering for as long as its window after the last
 * scrape, and `or vector(0)` answers for ever, so the answer itself does not say.
 *
 * @throws TargetFailure where Prometheus does not answer
 */
export async function staleness(spec: PrometheusSpec, now: Told, signal: AbortSignal): Promise<Staleness> {
  // That nothing is there is bad by itself then, whyever it is.
  if (spec.absent === 'fail' && now.series.length === 0) return fresh;
  const samples = await samplesOf(spec, now, signal);
  if (samples !== null) {
    const remedy = 'see the page of targets of Prometheus: is it scraped, and under these names and labels?';
    return { problem: samples, wholly: true, remedy };
  }
  if (spec.scrapes === undefined) return fresh;
  const up = selectorFor('up', spec.scrapes);
  const { series } = await askPrometheus(spec, { path: 'query', form: { query: up } }, signal);
  const remedy = 'see the page of targets of Prometheus, and whether the application serves its metrics';
  if (series.length === 0) return { problem: `nothing is scraped as ${up}`, wholly: false, remedy };
  const down = series.filter(({ points }) => points.at(-1)?.value !== 1);
  if (down.length === 0) return fresh;
  const names = down.slice(0, 3).map(({ labels }) => labels.instance ?? JSON.stringify(labels));
  const problem = `${down.length} of ${series.length} scrapes of ${up} fail: ${names.join(', ')}`;
  return { problem, wholly: false, remedy };
}

/** What is wrong with the samples behind the query, null when nothing is. */
async function samplesOf(spec: PrometheusSpec, now: Told, signal: AbortSignal): Promise<string | null> {
  const selectors = await selectorsOf(spec.query);
  if (selectors.length === 0) return null;
  const first = async (query: string): Promise<number | null> => {
    const { series } = await askPrometheus(spec, { path: 'query', form: { query } }, signal);
    return series[0]?.points.at(-1)?.value ?? null;
  };
  try {
    const newest = await first(`max(${selectors.map((selector) => `timestamp(${selector})`).join(' or ')})`);
    if (newest !== null) return tooOld(now.atMs - newest * 1000, spec.newest);
    const window = `${Math.ceil(spec.newest / 1000)}s`;
    const counts = selectors.map((selector) => `count_over_time(${selector}[${window}])`);
    if ((await first(`count(${counts.join(' or ')})`)) !== null) return 'its metrics are not scraped any more';
    // What has never been there is what `absent` is about.
    return now.series.length === 0 || spec.absent === 'pass' ? null : `there is no sample of ${selectors.join(', ')}`;
  } catch (error) {
    // Some selectors cannot be asked in this way, such as one that fits several names of the same labels.
    if (error instanceof TargetFailure && error.kind !== 'unreachable') return null;
    throw error;
  }
}

function tooOld(ageMs: number, newest: number): string | null {
  return ageMs <= newest
    ? null
    : `the newest sample is ${duration(ageMs)} old, and should be at most ${duration(newest)}`;
}
