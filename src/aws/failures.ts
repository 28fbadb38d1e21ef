import { type FailureKind, TargetFailure } from '../release/failure.ts';
import { forgetClients } from './client.ts';

/** Names of AWS errors, by what they mean; the first pattern that matches decides (botocore service models, common errors). */
const meanings: readonly { names: RegExp; kind: FailureKind; remedy?: string }[] = [
  {
    names: /ExpiredToken|RequestExpired|TokenRefreshRequired/,
    kind: 'permission',
    remedy: 'renew the AWS credentials where the worker runs, then try again',
  },
  {
    names: /TimeTooSkewed|Signature(DoesNotMatch|Exception)|InvalidSignature|RequestInTheFuture/,
    kind: 'permission',
    remedy: 'check the clock and the AWS credentials where the worker runs',
  },
  {
    names: /AccessDenied|Unauthorized|AuthFailure|NotAuthorized|Forbidden|OptInRequired/,
    kind: 'permission',
    remedy: 'allow it to the role that the worker uses; `savepoint iam-policy` prints what this plan needs',
  },
  {
    names: /CredentialsProviderError|InvalidClientTokenId|UnrecognizedClient|MissingAuthentication|InvalidAccessKeyId/,
    kind: 'permission',
    remedy: 'give the worker AWS credentials: environment, profile or role',
  },
  { names: /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|PriorRequestNotComplete/, kind: 'busy' },
  { names: /Quota|LimitExceeded|TooMany|InsufficientDBInstanceCapacity|InsufficientStorage/, kind: 'refused' },
  { names: /NotFound|NoSuch|DoesNotExist/, kind: 'not-found' },
  { names: /AlreadyExists|Invalid\w*State|ResourceInUse|Conflict/, kind: 'refused' },
  { names: /Validation|Invalid|Malformed|Missing|ClientException/, kind: 'invalid-input' },
];

/** Errors of the connection, by their `code`. */
const unreachable = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/;

/** The name by which AWS calls an error, '' for anything else. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** One of the names that the caller knows what to do about. */
export function isNamed(error: unknown, ...names: string[]): boolean {
  const name = errorName(error).replace(/(Fault|Exception)$/, '');
  return names.some((each) => each.replace(/(Fault|Exception)$/, '') === name);
}

function statusOf(error: Error): number {
  const status: unknown = Reflect.get(Object(Reflect.get(error, '$metadata')), 'httpStatusCode');
  return typeof status === 'number' ? status : 0;
}

function isUnreachable(error: Error): boolean {
  const code: unknown = Reflect.get(error, 'code');
  return /^(TimeoutError|NetworkingError|RequestTimeout)/.test(error.name) || unreachable.test(String(code ?? ''));
}

/** The SDK throws a plain Error where nobody says which region is meant. */
const noRegion = {
  kind: 'invalid-input',
  remedy: 'set `region` in the plan, or AWS_REGION where the worker runs',
} as const;

function kindOf(error: Error): { kind: FailureKind; remedy?: string } | null {
  if (error.message === 'Region is missing') return noRegion;
  if (statusOf(error) >= 500 || isUnreachable(error)) return { kind: 'unreachable' };
  const found = meanings.find(({ names }) => names.test(error.name));
  if (found !== undefined) return found;
  return statusOf(error) >= 400 ? { kind: 'failed' } : null;
}

/**
 * Speaks to AWS: whatever it refuses becomes a failure of the closed list. `doing` says what was tried, such as
 * `describing the instance shop-db`. What is no error of AWS or of the connection stays as it is.
 */
export async function asking<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translated(doing, error);
  }
}

/** As `asking`, for code that wants to know the name of the error first. */
export function translated(doing: string, error: unknown): unknown {
  if (error instanceof TargetFailure || !(error instanceof Error) || error.name === 'AbortError') return error;
  const found = kindOf(error);
  if (found === null) return error;
  if (found.kind === 'permission') forgetClients();
  const { kind, remedy } = found;
  const message = `${doing}: ${error.name}: ${error.message}`;
  return new TargetFailure(kind, message, remedy === undefined ? {} : { remedy }, error);
}
