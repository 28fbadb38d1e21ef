import { describe, expect, test } from 'vitest';
import { NoAnswer, type Reached } from '../../src/checks/http/http-exchange.ts';
import { answerToSilence } from '../../src/checks/http/http-silence.ts';

const coded = (code: string) => Object.assign(new Error(`it said ${code}`), { code });
const statusOf = (cause: unknown, reached: Reached) =>
  answerToSilence('http://shop/', new NoAnswer(reached, cause), 100).status;
const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError');

describe('no answer over HTTP', () => {
  test.each([
    ['refused', coded('ECONNREFUSED'), 'name'],
    ['reset', coded('ECONNRESET'), 'host'],
    ['closed', coded('UND_ERR_SOCKET'), 'host'],
    ['silent', timeout, 'host'],
    ['an expired certificate', coded('CERT_HAS_EXPIRED'), 'host'],
    ['an incomplete chain', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'host'],
    ['refused at one of two addresses', new AggregateError([coded('ENETUNREACH'), coded('ECONNREFUSED')]), 'name'],
  ] as const)('%s is a FAIL', (_name, cause, reached) => {
    expect(statusOf(cause, reached)).toBe('FAIL');
  });

  test.each([
    ['an unknown name', coded('ENOTFOUND'), 'nothing'],
    ['a resolver that does not answer', coded('EAI_AGAIN'), 'nothing'],
    ['a resolver that hangs', timeout, 'nothing'],
    ['no route', coded('EHOSTUNREACH'), 'name'],
    ['no network', coded('ENETUNREACH'), 'name'],
    ['too many open files here', coded('EMFILE'), 'nothing'],
    ['a connection that nobody takes', timeout, 'name'],
    ['the same, seen by the connector', coded('UND_ERR_CONNECT_TIMEOUT'), 'name'],
    ['no route at either address', new AggregateError([coded('ENETUNREACH'), coded('ETIMEDOUT')]), 'name'],
  ] as const)('%s is PENDING', (_name, cause, reached) => {
    expect(statusOf(cause, reached)).toBe('PENDING');
  });
});
