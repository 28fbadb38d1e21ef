import { excerpt } from '../answer.ts';
import { newVisitor, visit } from '../flow/visitor.ts';
import { judge } from '../http/http-judging.ts';
import type { Found } from '../limits.ts';
import { masked } from '../logs/log-lines.ts';
import type { FollowedLink, LinkWanted } from './mail.schema.ts';
import type { Link, Message } from './mail-message.ts';

/** The link that is meant, or why it cannot be used. No address is told: it lets people in. */
export function chooseLink(
  { links }: Message,
  wanted: LinkWanted,
  hosts: readonly string[],
): { address: string } | { problem: string } {
  const name =
    wanted.text === undefined ? `whose address matches /${wanted.matches}/` : `called ${JSON.stringify(wanted.text)}`;
  const found = links.find((link) => isMeant(link, wanted));
  if (found === undefined) return { problem: `the message has no link ${name}` };
  if (!URL.canParse(found.address) || !/^https?:$/.test(new URL(found.address).protocol)) {
    return { problem: `the link ${name} is no address of http or https` };
  }
  const url = new URL(found.address);
  if (isExpected(url, hosts)) return { address: found.address };
  return { problem: `the link ${name} leads to ${excerpt(url.host, 80)}, expected ${hosts.join(' or ')}` };
}

function isMeant({ address, text }: Link, wanted: LinkWanted): boolean {
  if (wanted.text !== undefined) return text.toLowerCase().includes(wanted.text.toLowerCase());
  return new RegExp(wanted.matches ?? '', 'u').test(address);
}

/** A host without a port stands for all of its ports. */
function isExpected({ host, hostname }: URL, hosts: readonly string[]): boolean {
  return hosts.some((each) => each.toLowerCase() === host || each.toLowerCase() === hostname);
}

const mostRedirects = 5;

/**
 * Opens a link as somebody does who clicks it, and follows redirects on the expected hosts only.
 *
 * @returns what disagrees, and one line of evidence
 * @throws NoAnswer
 */
export async function followLink(
  address: string,
  { follow, hosts }: { follow: FollowedLink; hosts: readonly string[] },
  signal: AbortSignal,
): Promise<Found & { seen: string }> {
  const visitor = newVisitor();
  const { timeout, ca, expect } = follow;
  let url = address;
  for (let left = expect.redirect === undefined ? mostRedirects : 0; ; left -= 1) {
    const request = { url, method: 'GET' as const, headers: {}, timeout, ...(ca === undefined ? {} : { ca }) };
    const { got } = await visit(visitor, request, { follow: 0, signal });
    const { location } = got.headers;
    const next = location !== undefined && URL.canParse(location, url) ? new URL(location, url) : null;
    if (next === null || left <= 0 || got.status < 300 || got.status >= 400) {
      const { failures, warnings } = await judge(expect, got, url);
      const clean = (lines: string[]): string[] => lines.map((line) => `the link: ${withoutLink(line, address)}`);
      const seen = `the link was answered ${got.status} in ${Math.round(got.latencyMs)} ms`;
      return { failures: clean(failures), warnings: clean(warnings), seen };
    }
    if (!isExpected(next, hosts)) {
      const problem = `the link redirects to ${excerpt(next.host, 80)}, expected ${hosts.join(' or ')}`;
      return { failures: [problem], warnings: [], seen: 'the link was not followed to its end' };
    }
    url = next.href;
  }
}

/** Text without the link and without the parts of it that may let somebody in. */
export function withoutLink(text: string, address: string): string {
  const url = new URL(address);
  const parts = [...url.searchParams.values(), ...url.pathname.split('/')].filter((part) => part.length >= 6);
  const all = [address, ...parts].sort((a, b) => b.length - a.length);
  return masked(all.reduce((left, part) => left.replaceAll(part, '{{link}}'), text));
}
