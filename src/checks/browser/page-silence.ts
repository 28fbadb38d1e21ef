import type { Answer } from '../../release/check.ts';
import { pending } from '../answer.ts';
import { exchange, NoAnswer } from '../http/http-exchange.ts';
import { answerToSilence } from '../http/http-silence.ts';
import type { RequestSpec } from '../http/request.schema.ts';
import { addressOf } from '../http/request.ts';
import type { Visiting } from './page-steps.ts';

/** How long a plain request is waited for that tells what the silence of a page means. */
const askAgainMs = 5_000;

/**
 * What it means that the browser could not do a step. Where a page was not loaded, a plain request tells whether anybody
 * is there, so that the same holds as for `http` (decision 0004).
 */
export async function answerToLostPage(
  name: string,
  error: Error,
  { page, spec, signal }: Visiting,
): Promise<string[] | Answer> {
  const why = messageOf(error);
  const lost = /net::ERR_|navigat|page\.goto/i.test(error.message);
  if (!lost) return [`${name}: ${why}`];
  const url = /navigating to "([^"]+)"/.exec(error.message)?.[1] ?? spec.url;
  if (/net::ERR_CERT_/.test(why)) return [`${name}: ${why}`];
  const timeout = Math.min(askAgainMs, spec.timeout);
  const request = { url, method: 'GET', headers: {}, timeout } satisfies RequestSpec;
  try {
    await exchange(request, 0, signal);
  } catch (silence) {
    if (!(silence instanceof NoAnswer)) throw silence;
    return answerToSilence(addressOf(url), silence, timeout);
  }
  if (/ERR_NETWORK_CHANGED|ERR_INTERNET_DISCONNECTED|ERR_PROXY|ERR_TUNNEL/.test(why)) {
    return pending(
      `the network of the browser does not work: ${why}`,
      '',
      'check proxies and the network of the worker',
    );
  }
  return [`${name}: ${page().isClosed() ? 'the page closed' : why}`];
}

/** The first line of what playwright says, without the name of its function. */
function messageOf(error: Error): string {
  const lines = error.message.split('\n').map((line) => line.trim());
  const first = (lines[0] ?? '')
    .replace(/^\w+(\.\w+)*: /, '')
    .replace(/ at https?:\S+/, '')
    .replace(/^Timeout (\d+)ms exceeded\.?/, 'it took more than $1 ms');
  const blocked = lines.find((line) => /intercepts pointer events|not enabled|did not find some options/.test(line));
  return blocked === undefined ? first : `${first} (${blocked.replace(/<[^>]*>/g, 'something').replace(/^-\s*/, '')})`;
}
