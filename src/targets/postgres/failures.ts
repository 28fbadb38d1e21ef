import { type FailureDetails, type FailureKind, TargetFailure } from '../../release/failure.ts';

/** What node-postgres gives with an answer of the server that is an error. */
type ServerError = Error & { code: string; hint?: string; position?: string; constraint?: string; severity?: string };

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
]);

/** By SQLSTATE, the longest prefix first. What is not listed was understood and did not work: `failed`. */
const kindByState: readonly (readonly [string, FailureKind])[] = [
  ['57P01', 'unreachable'],
  ['57P02', 'unreachable'],
  ['57P03', 'unreachable'],
  ['57P05', 'unreachable'],
  ['57014', 'timed-out'],
  ['55006', 'busy'],
  ['55P03', 'busy'],
  ['53300', 'busy'],
  ['40001', 'busy'],
  ['40P01', 'busy'],
  ['42501', 'permission'],
  ['3D000', 'not-found'],
  ['55000', 'refused'],
  ['0A000', 'refused'],
  ['28', 'permission'],
  ['08', 'unreachable'],
];

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  return error.code;
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && codeOf(error) !== null;
}

/** SQLSTATE of the server's answer behind a failure, null when it was no answer of the server. */
export function sqlState(error: unknown): string | null {
  const origin = error instanceof TargetFailure ? error.cause : error;
  return isServerError(origin) ? origin.code : null;
}

/** Where in the statement the server saw the error: characters from 1; null when it did not say. */
export function errorPosition(error: unknown): number | null {
  const origin = error instanceof TargetFailure ? error.cause : error;
  return isServerError(origin) && origin.position !== undefined ? Number(origin.position) : null;
}

/** The session ended under a statement, so it cannot be told from here whether the statement took effect. */
export function connectionLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return /^(57P0[125]|08)/.test(state);
  return error instanceof TargetFailure && error.kind === 'unreachable';
}

function isConnectionProblem(error: Error): boolean {
  if (networkCodes.has(codeOf(error) ?? '')) return true;
  return /^Connection terminated|^timeout expired|not queryable|Client was closed|connection error/i.test(
    error.message,
  );
}

/**
 * Turns what node-postgres throws into a failure, once. A message of the server names objects, never a password; its
 * `detail` may show rows and is left out. Anything else is a bug and is returned as it is.
 */
export function classified(error: unknown, doing: string): unknown {
  if (error instanceof TargetFailure) return error;
  if (isServerError(error)) {
    const kind = kindByState.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? 'failed';
    const details: FailureDetails = error.hint === undefined ? {} : { remedy: error.hint };
    return new TargetFailure(kind, `${doing}: ${error.message} (${error.code})`, details, error);
  }
  if (error instanceof AggregateError && error.errors.length > 0) return classified(error.errors[0], doing);
  if (error instanceof Error && isConnectionProblem(error)) {
    return new TargetFailure('unreachable', `${doing}: ${error.message}`, {}, error);
  }
  if (error instanceof Error && /password|SASL|SCRAM/i.test(error.message)) {
    return new TargetFailure(
      'permission',
      `${doing}: the server wants a password and none, or none that works, was given`,
    );
  }
  return error;
}
