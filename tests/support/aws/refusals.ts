import { randomUUID } from 'node:crypto';
import type { Operation } from './operations.ts';

/** An answer of AWS as it goes over the wire. */
export type Answer = { status: number; headers: Record<string, string>; body: string };

export type Refusal =
  | { kind: 'throttled' }
  | { kind: 'server-error' }
  | { kind: 'expired' }
  | { kind: 'skewed'; requested: Date; server: Date };

/** Names and status by protocol; sources: "Common Errors" of each API reference, S3 "Error responses". */
export function refusal(operation: Operation, why: Refusal): Answer {
  const { status, code, message, extra = '' } = wording(operation, why);
  if (operation.protocol === 'json') {
    return answer(status, 'application/x-amz-json-1.1', JSON.stringify({ __type: code, message }));
  }
  const inner = `<Code>${code}</Code><Message>${message}</Message>`;
  const request = randomUUID();
  if (operation.service === 's3') {
    return answer(status, 'application/xml', `<Error>${inner}${extra}<RequestId>${request}</RequestId></Error>`);
  }
  const type = status < 500 ? 'Sender' : 'Receiver';
  const xml = `<ErrorResponse><Error><Type>${type}</Type>${inner}</Error><RequestId>${request}</RequestId></ErrorResponse>`;
  return answer(status, 'text/xml', xml);
}

function answer(status: number, type: string, body: string): Answer {
  const headers = { 'content-type': type, 'x-amzn-requestid': randomUUID() };
  return { status, headers, body: type.includes('json') ? body : `<?xml version="1.0" encoding="UTF-8"?>${body}` };
}

type Wording = { status: number; code: string; message: string; extra?: string };

function wording({ protocol, service }: Operation, why: Refusal): Wording {
  const json = protocol === 'json';
  const s3 = service === 's3';
  switch (why.kind) {
    case 'throttled':
      if (s3) return { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };
      return { status: 400, code: json ? 'ThrottlingException' : 'Throttling', message: 'Rate exceeded' };
    case 'server-error':
      if (json || s3)
        return {
          status: 500,
          code: json ? 'InternalFailure' : 'InternalError',
          message: 'We encountered an internal error. Please try again.',
        };
      return { status: 503, code: 'ServiceUnavailable', message: 'Service is unavailable. Please try again.' };
    case 'expired': {
      const message = 'The security token included in the request is expired';
      if (s3) return { status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' };
      return { status: json ? 400 : 403, code: json ? 'ExpiredTokenException' : 'ExpiredToken', message };
    }
    case 'skewed':
      return skewed(json, s3, why);
  }
}

function skewed(json: boolean, s3: boolean, { requested, server }: { requested: Date; server: Date }): Wording {
  if (s3) {
    const extra = `<RequestTime>${stamp(requested)}</RequestTime><ServerTime>${server.toISOString()}</ServerTime><MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>`;
    const message = 'The difference between the request time and the current time is too large.';
    return { status: 403, code: 'RequestTimeTooSkewed', message, extra };
  }
  const early = requested < server;
  const limit = new Date(server.getTime() + (early ? -5 : 5) * 60_000);
  const message = early
    ? `Signature expired: ${stamp(requested)} is now earlier than ${stamp(limit)} (${stamp(server)} - 5 min.)`
    : `Signature not yet current: ${stamp(requested)} is still later than ${stamp(limit)} (${stamp(server)} + 5 min.)`;
  return { status: json ? 400 : 403, code: json ? 'InvalidSignatureException' : 'SignatureDoesNotMatch', message };
}

/** `20261121T190000Z`, as signatures write moments. */
function stamp(date: Date): string {
  return date.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/** The moment of a signature; null when the header is missing. */
export function signedAt(header: string | string[] | undefined): Date | null {
  const parts = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(String(header ?? ''));
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second] = parts;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
