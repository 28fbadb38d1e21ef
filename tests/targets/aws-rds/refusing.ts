import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Refusing = { endpoint: string; refused: number; stop(): Promise<void> };

const denied = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not allowed to rename to this name</Message></Error><RequestId>0</RequestId></ErrorResponse>`;

/** Stands before an AWS and refuses what `refuses` says of a request's form, for as long as it says so. */
export async function startRefusing(upstream: string, refuses: (form: URLSearchParams) => boolean): Promise<Refusing> {
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      if (refuses(new URLSearchParams(String(body)))) {
        refusing.refused += 1;
        answer.writeHead(403, { 'content-type': 'text/xml' }).end(denied);
        return;
      }
      const { method, url, headers } = incoming;
      const onward = request(`${upstream}${url}`, { method, headers }, (from) => {
        answer.writeHead(from.statusCode ?? 502, from.headers);
        from.pipe(answer);
      });
      onward.on('error', () => answer.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const refusing: Refusing = {
    endpoint: `http://127.0.0.1:${port}`,
    refused: 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return refusing;
}
