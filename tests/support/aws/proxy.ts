import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FaultState } from './faults.ts';
import type { AwsLedgerBook } from './ledger.ts';
import { type Operation, operationOf } from './operations.ts';
import { refusal } from './refusals.ts';

export type Proxy = { port: number; stop(): Promise<void> };

type Parts = { upstream: number; faults: FaultState; ledger: AwsLedgerBook };

/** Stands between the SDK and the server: strikes with faults, and writes down what reached AWS. */
export async function startProxy(parts: Parts): Promise<Proxy> {
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing, parts).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, stop };
}

async function handle(incoming: IncomingMessage, outgoing: ServerResponse, parts: Parts): Promise<void> {
  const { faults, ledger } = parts;
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const { method = 'GET', url = '/', headers } = incoming;
  const body = Buffer.concat(chunks);
  const operation = operationOf({ method, url, headers, body });
  ledger.called(operation);
  const verdict = faults.judge(operation, headers['x-amz-date']);
  // The SDK measures how far its clock is off by this header.
  const date = faults.serverTime().toUTCString();
  if ('refuse' in verdict) {
    const { status, headers: said, body: text } = refusal(operation, verdict.refuse);
    outgoing.writeHead(status, { ...said, date }).end(method === 'HEAD' ? undefined : text);
    return;
  }
  if ('lose' in verdict && verdict.lose === 'request') {
    outgoing.destroy();
    return;
  }
  const answer = await forward(parts, { method, url, headers, body, operation });
  if ('lose' in verdict) {
    outgoing.destroy();
    return;
  }
  if (verdict.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, verdict.delayMs));
  outgoing.writeHead(answer.status, { ...answer.headers, date }).end(answer.body);
}

type Forwarded = {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
  operation: Operation;
};
type Answered = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer };

function forward({ upstream, ledger }: Parts, { method, url, headers, body, operation }: Forwarded): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { 'transfer-encoding': _, connection: __, expect: ______, ...kept } = headers;
    const length = { 'content-length': String(body.length) };
    const options = { host: '127.0.0.1', port: upstream, method, path: url, agent: false as const };
    const sent = request({ ...options, headers: { ...kept, ...length } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => {
        const status = answer.statusCode ?? 500;
        const body = Buffer.concat(chunks);
        ledger.reached(operation, { status, body });
        const { connection: ___, 'transfer-encoding': ____, date: _____, ...rest } = answer.headers;
        resolve({ status, headers: rest, body });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
