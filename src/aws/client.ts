import { StandardRetryStrategy } from '@smithy/core/retry';
import type { AwsPlace } from './place.ts';

/** Tries of one request that AWS refuses because there are too many; with the SDK's pauses, about a minute. */
const maxAttempts = 10;
const connectWithinMs = 5_000;
const answerWithinMs = 30_000;

type RefreshInput = Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>;

/**
 * Repeats a request only where the refusal itself says that nothing happened. A request that changes something and whose
 * answer is lost may have had its effect, and most of what is used here has no idempotency token (botocore service
 * models): whoever sent it must look at the world first.
 */
class AfterRefusalOnly extends StandardRetryStrategy {
  override async refreshRetryTokenForRetry(
    ...[token, info]: RefreshInput
  ): ReturnType<StandardRetryStrategy['refreshRetryTokenForRetry']> {
    if (!isRefusal(info)) throw new Error('whether it had an effect is not known');
    return await super.refreshRetryTokenForRetry(token, info);
  }
}

/** Throttling, or a clock that the SDK has corrected meanwhile: both are decided before anything is done. */
function isRefusal({ errorType, error }: RefreshInput[1]): boolean {
  if (errorType === 'THROTTLING') return true;
  const metadata: unknown = Reflect.get(Object(error), '$metadata');
  return Reflect.get(Object(metadata), 'clockSkewCorrected') === true;
}

/** What every client is made with. `effect`: its requests change something. */
export type ClientConfig = {
  region?: string;
  endpoint?: string;
  profile?: string;
  maxAttempts: number;
  retryStrategy?: StandardRetryStrategy;
  requestHandler: { connectionTimeout: number; requestTimeout: number; throwOnRequestTimeout: boolean };
};

/** The SDK would say in the middle of a release what docs/aws.md says: it needs Node 22 from 2027 on. */
function withoutWarning(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}

export function clientConfig({ region, endpoint, profile }: AwsPlace, effect: boolean): ClientConfig {
  withoutWarning();
  return {
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    ...(profile === null ? {} : { profile }),
    maxAttempts,
    ...(effect ? { retryStrategy: new AfterRefusalOnly(maxAttempts) } : {}),
    requestHandler: {
      connectionTimeout: connectWithinMs,
      requestTimeout: answerWithinMs,
      throwOnRequestTimeout: true,
    },
  };
}

/** `read` repeats whatever fails for a moment; `write` repeats only what certainly had no effect. */
export type Clients<C> = { read: C; write: C };

const made = new Map<string, Clients<unknown>>();

/**
 * The clients of one service at one place, made once: connections and credentials are used again.
 * `service`: the name under which they are kept, such as `rds`.
 */
export function clientsOf<C>(service: string, place: AwsPlace, make: (config: ClientConfig) => C): Clients<C> {
  const name = JSON.stringify([service, place.region, place.endpoint, place.profile]);
  const known = made.get(name) as Clients<C> | undefined;
  if (known !== undefined) return known;
  const fresh = { read: make(clientConfig(place, false)), write: make(clientConfig(place, true)) };
  made.set(name, fresh);
  return fresh;
}

/** The next clients read credentials anew: somebody may have renewed what AWS refused. */
export function forgetClients(): void {
  made.clear();
}
