import type { Outcome } from './load-counting.ts';

/** Our side had no room for one more connection. */
const noRoom = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);
/** The request did not leave our side, so it says nothing about the service (decision 0004). */
const noWay = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'UND_ERR_INVALID_ARG',
]);

export function isNoRoom(code: string): boolean {
  return noRoom.has(code);
}

/** What the absence of an answer means: an error of the service, or a failure of our side. */
export function outcomeOf(error: Error): Outcome {
  const codes = codesOf(error);
  const own = codes.find((code) => noRoom.has(code) || noWay.has(code));
  if (own !== undefined) return { as: 'lost', code: own };
  return { as: 'error', kind: codes.find((code) => code !== 'UND_ERR_SOCKET') ?? codes[0] ?? error.name };
}

/** Several addresses of one name fail together. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  return [...own, ...(error instanceof AggregateError ? error.errors.flatMap(codesOf) : codesOf(error.cause))];
}
