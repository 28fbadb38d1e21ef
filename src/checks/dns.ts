import { Resolver } from 'node:dns/promises';
import type { Answer, Asking, Check } from '../release/check.ts';
import { answerOf, pending } from './answer.ts';
import type { DnsSpec } from './dns.schema.ts';

/** Asks a DNS server for the records of a name. */
export const dns: Check<DnsSpec> = { ask };

/** `ttl`: seconds, null where the type tells none. */
type Found = { value: string; ttl: number | null };

/** What the server says of a name that is not there; anything else is no answer. */
const nothing = new Set(['ENOTFOUND', 'ENODATA']);

async function ask({ spec, signal }: Asking<DnsSpec>): Promise<Answer> {
  const resolver = new Resolver({ timeout: spec.timeout, tries: 1 });
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    if (spec.server !== undefined) resolver.setServers([spec.server]);
    return judged(spec, await recordsOf(resolver, spec));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error;
    const where = spec.server ?? 'the DNS of the worker';
    return pending(`${where} gave no answer for ${spec.host}`, error.code, 'check the server and the way to it');
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

async function recordsOf(resolver: Resolver, spec: DnsSpec): Promise<Found[]> {
  try {
    return await queried(resolver, spec);
  } catch (error) {
    if (error instanceof Error && 'code' in error && nothing.has(String(error.code))) return [];
    throw error;
  }
}

async function queried(resolver: Resolver, { host, type }: DnsSpec): Promise<Found[]> {
  const plain = (values: readonly string[]): Found[] => values.map((value) => ({ value, ttl: null }));
  switch (type) {
    case 'A':
      return (await resolver.resolve4(host, { ttl: true })).map(({ address, ttl }) => ({ value: address, ttl }));
    case 'AAAA':
      return (await resolver.resolve6(host, { ttl: true })).map(({ address, ttl }) => ({ value: address, ttl }));
    case 'CNAME':
      return plain(await resolver.resolveCname(host));
    case 'NS':
      return plain(await resolver.resolveNs(host));
    case 'TXT':
      return plain((await resolver.resolveTxt(host)).map((parts) => parts.join('')));
    case 'MX':
      return plain((await resolver.resolveMx(host)).map(({ priority, exchange }) => `${priority} ${exchange}`));
    case 'SRV':
      return plain(
        (await resolver.resolveSrv(host)).map(
          ({ priority, weight, port, name }) => `${priority} ${weight} ${port} ${name}`,
        ),
      );
    case 'CAA':
      return plain((await resolver.resolveCaa(host)).map((record) => caaText({ ...record })));
  }
}

function caaText({ critical, ...properties }: { critical?: number }): string {
  const [[name, value] = ['', '']] = Object.entries(properties).filter(([key]) => key !== 'type');
  return `${critical ?? 0} ${name} ${String(value)}`;
}

function judged({ host, type, records, others, exists, ttl }: DnsSpec, found: readonly Found[]): Answer {
  const values = found.map(({ value }) => value);
  const same = (one: string, other: string): boolean => bare(one) === bare(other);
  const missing = records.filter((record) => !values.some((value) => same(value, record)));
  const more = values.filter((value) => !records.some((record) => same(value, record)));
  const unwanted = !exists && values.length > 0;
  const kept = Math.max(0, ...found.map((each) => each.ttl ?? 0));
  return answerOf({
    failures: [
      ...(unwanted ? [`${host} has a record of type ${type}, expected none`] : []),
      ...(exists && values.length === 0
        ? [`${host} has no record of type ${type}`]
        : missing.map((record) => `${type} of ${host} lacks ${record}`)),
    ],
    warnings: [
      ...(records.length > 0 && !others ? more.map((value) => `${type} of ${host} has ${value} as well`) : []),
      ...(ttl !== undefined && kept * 1000 > ttl
        ? [`resolvers keep ${host} for ${kept} s, expected at most ${ttl / 1000} s`]
        : []),
    ],
    seen:
      found.map((each) => `${host} ${type} ${each.value}${each.ttl === null ? '' : ` (${each.ttl} s)`}`).join('\n') ||
      `${host}: nothing`,
    good: exists ? `${host} leads to ${values.slice(0, 3).join(', ')}` : `${host} has no record of type ${type}`,
    remedy: 'correct the zone, and wait until old records have expired',
  });
}

/** Names are the same with and without the last dot, and in any case; texts are not. */
function bare(value: string): string {
  return /^[\w.\- ]+$/.test(value) ? value.replace(/\.$/, '').toLowerCase() : value;
}
