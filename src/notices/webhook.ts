import { createHmac } from 'node:crypto';
import { type Dispatcher, request } from 'undici';
import { type FailureKind, TargetFailure } from '../release/failure.ts';
import type { Message, Notice, Telling } from '../release/notice.ts';
import type { WebhookSpec } from './webhook.schema.ts';

/** Posts the message once; whoever calls retries. `Idempotency-Key` is the same in every retry of one message. */
export const webhook: Notice<WebhookSpec> = { tell };

/** `text` is what chat systems show of a message whose other fields they do not know. */
export type WebhookBody = Message & { schemaVersion: 1; key: string; text: string };

export type WebhookRequest = { url: string; headers: Record<string, string>; body: string };

/**
 * The request, ready to be sent. With a secret it carries `X-Savepoint-Signature: t=<seconds>,v1=<hex>`, the HMAC-SHA256
 * of `<seconds>.<body>`: a receiver that checks the time cannot be fooled by a recorded message.
 */
export function webhookRequest(spec: WebhookSpec, message: Message, key: string, nowMs: number): WebhookRequest {
  const content: WebhookBody = { schemaVersion: 1, key, text: `${message.subject}\n${message.body}`, ...message };
  const body = JSON.stringify(content);
  const seconds = Math.floor(nowMs / 1000);
  const own: Record<string, string> = {
    'content-type': 'application/json',
    'user-agent': 'savepoint',
    'idempotency-key': key,
    'x-savepoint-event': message.event,
  };
  if (spec.secret !== undefined)
    own['x-savepoint-signature'] = `t=${seconds},v1=${sign(spec.secret, `${seconds}.${body}`)}`;
  const given = Object.entries(spec.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { url: spec.url, headers: { ...Object.fromEntries(given), ...own }, body };
}

function sign(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** @throws TargetFailure: `unreachable` and `busy` are worth a retry, the others are not */
async function tell({ spec, message, key, signal }: Telling<WebhookSpec>): Promise<void> {
  signal.throwIfAborted();
  if (!URL.canParse(spec.url)) {
    throw new TargetFailure('invalid-input', 'the url of the webhook is no address once its references are resolved');
  }
  const { url, ...sent } = webhookRequest(spec, message, key, Date.now());
  const patience = AbortSignal.any([signal, AbortSignal.timeout(spec.timeout)]);
  let answer: Dispatcher.ResponseData;
  try {
    answer = await request(url, { method: 'POST', ...sent, signal: patience });
    await answer.body.dump();
  } catch (error) {
    signal.throwIfAborted();
    throw notDelivered(error);
  }
  if (answer.statusCode >= 300) throw refused(answer.statusCode);
}

/** The address may hold a token, so no message names it. */
function notDelivered(error: unknown): TargetFailure {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  if (code === null && !timedOut) throw error;
  if (code === 'UND_ERR_INVALID_ARG') {
    return new TargetFailure('invalid-input', 'the request to the webhook cannot be built; check its url and headers');
  }
  return new TargetFailure('unreachable', `the webhook gave no answer (${timedOut ? 'out of time' : code})`);
}

function refused(status: number): TargetFailure {
  const remedy = 'check the url and the secret of the webhook';
  return new TargetFailure(kindOf(status), `the webhook answered ${status}`, { remedy });
}

function kindOf(status: number): FailureKind {
  if (status === 429 || status === 409 || status === 425) return 'busy';
  if (status >= 500 || status === 408) return 'unreachable';
  if (status === 401 || status === 403) return 'permission';
  return status === 404 || status === 410 ? 'not-found' : 'refused';
}
