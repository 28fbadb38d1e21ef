import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type PeerCertificate, type SecureVersion } from 'node:tls';
import type { Answer, Asking, Check } from '../release/check.ts';
import { answerOf } from './answer.ts';
import { NoAnswer, type Reached } from './http/http-exchange.ts';
import { answerToSilence } from './http/http-silence.ts';
import type { TlsSpec } from './tls.schema.ts';

/** Connects as a browser would and looks at the certificate. */
export const tls: Check<TlsSpec> = { ask };

async function ask({ spec, signal }: Asking<TlsSpec>): Promise<Answer> {
  const address = `${spec.host}:${spec.port}`;
  try {
    const shaken = await handshake(spec, { minVersion: spec.protocol }, signal);
    const taken: string[] = [];
    for (const old of spec.refuses) if (await speaks(spec, old, signal)) taken.push(old);
    return judged(spec, shaken, taken);
  } catch (error) {
    if (error instanceof NoAnswer) return answerToSilence(address, error, spec.timeout);
    throw error;
  }
}

type Shaken = { certificate: PeerCertificate; protocol: string };

/** @throws NoAnswer when there is no trusted connection; the signal's reason when given up */
async function handshake(spec: TlsSpec, options: ConnectionOptions, signal: AbortSignal): Promise<Shaken> {
  signal.throwIfAborted();
  const { host, port, ca, timeout } = spec;
  const name = spec.servername ?? host;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  let reached: Reached = 'nothing';
  return await new Promise<Shaken>((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ...(isIP(name) ? {} : { servername: name }),
      ...(ca === undefined ? {} : { ca }),
      ...options,
    });
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(signal.aborted ? signal.reason : new NoAnswer(reached, error));
    };
    patience.addEventListener('abort', () => fail(patience.reason), { once: true });
    socket.once('lookup', (error: Error | null) => {
      if (error === null && reached === 'nothing') reached = 'name';
    });
    socket.once('connect', () => {
      reached = 'host';
    });
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const shaken = { certificate: socket.getPeerCertificate(), protocol: socket.getProtocol() ?? 'unknown' };
      socket.destroy();
      resolve(shaken);
    });
  });
}

/** Does the server take an old version? Only a finished handshake says yes. */
async function speaks(spec: TlsSpec, version: SecureVersion, signal: AbortSignal): Promise<boolean> {
  // OpenSSL itself refuses old versions at its usual security level, and then nothing would be tried.
  const options = {
    minVersion: version,
    maxVersion: version,
    ciphers: 'DEFAULT@SECLEVEL=0',
    rejectUnauthorized: false,
  };
  try {
    await handshake(spec, options, signal);
    return true;
  } catch (error) {
    if (error instanceof NoAnswer) return false;
    throw error;
  }
}

function judged(
  { host, port, daysLeft }: TlsSpec,
  { certificate, protocol }: Shaken,
  taken: readonly string[],
): Answer {
  const left = Math.floor((Date.parse(certificate.valid_to) - Date.now()) / 86_400_000);
  const say = (limit: number): string => `the certificate is valid for ${left} more days, expected at least ${limit}`;
  const failures = taken.map((version) => `the server still takes ${version}`);
  if (left < daysLeft.fail) failures.push(say(daysLeft.fail));
  return answerOf({
    failures,
    warnings: left >= daysLeft.fail && left < daysLeft.warn ? [say(daysLeft.warn)] : [],
    seen: `${certificate.subjectaltname ?? certificate.subject.CN}, valid to ${new Date(certificate.valid_to).toISOString()}, ${protocol}`,
    good: `${host}:${port} is trusted for ${left} more days`,
    remedy: 'renew the certificate, and see that the server loads the new one',
  });
}
