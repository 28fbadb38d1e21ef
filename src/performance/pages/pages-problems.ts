import type { Result } from 'lighthouse';

/** Why a run says nothing about the page. `isFinal`: another run would end the same way. */
export type PageProblem = { isFinal: boolean; what: string; remedy: string };

/** The part of a result that tells. */
type Told = Pick<Result, 'requestedUrl' | 'finalDisplayedUrl'> & { runtimeError?: { code: string; message: string } };

type Known = { what: string; remedy: string };

/** Codes of Lighthouse (core/lib/lh-error.js) where another run would end the same way. */
const known: Record<string, Known> = {
  NOT_HTML: { what: 'it is no HTML page', remedy: 'give the address of a page; measure others under requests' },
  DNS_FAILURE: { what: 'its name is not known to DNS', remedy: 'check the address' },
  FAILED_DOCUMENT_REQUEST: {
    what: 'it did not answer',
    remedy: 'check that it runs and can be reached from the worker',
  },
  ERRORED_DOCUMENT_REQUEST: { what: 'it did not answer with a page', remedy: 'see the log of the application' },
  INSECURE_DOCUMENT_REQUEST: { what: 'its certificate is not trusted', remedy: 'check its certificate' },
  CHROME_INTERSTITIAL_ERROR: { what: 'Chromium showed a warning instead', remedy: 'check its certificate and address' },
  NO_FCP: { what: 'it painted nothing', remedy: 'open it in a browser and see the console' },
};

/** Null where the page that was asked for was opened and measured. */
export function problemOf(result: Told): PageProblem | null {
  const { runtimeError } = result;
  if (runtimeError !== undefined) return problemOfRun(runtimeError);
  const opened = result.finalDisplayedUrl;
  if (isSamePage(result.requestedUrl ?? opened, opened)) return null;
  const what = `it led to ${withoutQuery(opened)}, so that another page was measured`;
  return { isFinal: true, what, remedy: 'give that address as url, or the cookies that the page asks for' };
}

function problemOfRun({ code, message }: { code: string; message: string }): PageProblem {
  const status = /Status code: (\d{3})/.exec(message)?.[1];
  if (status !== undefined) {
    return { isFinal: true, what: `it answered ${status}`, remedy: 'see the log of the application' };
  }
  const entry = known[code];
  if (entry !== undefined) return { isFinal: true, ...entry };
  const what = `Lighthouse could not measure it: ${code}, ${(message.split('\n')[0] ?? '').slice(0, 200)}`;
  return { isFinal: false, what, remedy: 'open it in a browser on the worker and see what happens' };
}

/** What a page sets behind ? and # is its own. */
function isSamePage(asked: string, opened: string): boolean {
  return withoutQuery(asked) === withoutQuery(opened);
}

function withoutQuery(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}
