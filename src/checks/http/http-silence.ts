import type { Answer } from '../../release/check.ts';
import { pending } from '../answer.ts';
import type { NoAnswer } from './http-exchange.ts';

/**
 * What the absence of an answer means (decision 0004). It is a FAIL where the machine at the address was reached and
 * refused, hung up, stayed silent or showed a wrong certificate: users would get the same. It is PENDING where the
 * request may not have left our side: names that do not resolve, no route, packets that vanish.
 */
const refusedByService = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'ERR_SSL_WRONG_VERSION_NUMBER',
]);

const resolving = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);

const certificate = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_MISMATCH)/;
const handshake = /^(EPROTO$|ERR_SSL_|ERR_TLS_)/;
const garbled = /^(HPE_|Z_|UND_ERR_(RES_|HEADERS_OVERFLOW|INVALID_RETURN|PRX|BODY|INFO|REQ_CONTENT|RESPONSE))/;

/** `address`: shown to people, without user and password. */
export function answerToSilence(address: string, silence: NoAnswer, timeoutMs: number): Answer {
  const failure = (summary: string, remedy: string): Answer => ({ status: 'FAIL', summary, evidence: seen, remedy });
  const codes = codesOf(silence.cause);
  const has = (test: (code: string) => boolean) => codes.some(test);
  const seen = `${codes.join(', ')} ${messageOf(silence.cause)}`.trim();
  if (has((code) => code === 'UND_ERR_INVALID_ARG')) {
    if (silence.reached === 'host')
      return failure(`${address} redirects without end`, 'correct the redirects of the service');
    return pending('the request cannot be built', seen, 'correct the headers or the values that they refer to');
  }
  if (has((code) => certificate.test(code))) {
    const remedy = 'renew or complete the certificate; for one of your own authority, give its certificates as `ca`';
    return failure(`${address} shows a certificate that is not trusted`, remedy);
  }
  if (has((code) => handshake.test(code)))
    return failure(`${address} does not speak TLS`, 'check the port and its TLS settings');
  if (has((code) => garbled.test(code)) || isGarbled(silence.cause))
    return failure(`${address} does not answer in HTTP`, 'check what listens on this port');
  if (has((code) => refusedByService.has(code))) {
    return failure(`${address} refused or dropped the connection`, 'see whether the service runs, and its log');
  }
  if (silence.reached === 'host') {
    return failure(
      `${address} accepted the connection and gave no whole answer within ${timeoutMs} ms`,
      'see the log of the service',
    );
  }
  if (has((code) => resolving.has(code))) {
    return pending(`the name in ${address} could not be resolved`, seen, 'check the name and the DNS of the worker');
  }
  const remedy = 'check the network between the worker and this address';
  return pending(`${address} could not be reached from here`, seen, remedy);
}

/** undici's parser gives some of its errors no code. */
function isGarbled(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError';
}

/** Codes of an error and of those behind it: several addresses of one name fail together. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const behind = error instanceof AggregateError ? error.errors.flatMap(codesOf) : codesOf(error.cause);
  return [...new Set([...own, ...behind])];
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' && error instanceof AggregateError
    ? error.errors.map(messageOf).join('; ')
    : error.message;
}
