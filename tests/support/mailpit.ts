import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTransport, type SendMailOptions } from 'nodemailer';

export type Mailpit = {
  url: string;
  put(mail: SendMailOptions): Promise<void>;
  ids(): string[];
  stop(): Promise<void>;
};

/**
 * The four requests of Mailpit's API that Savepoint uses, as its source has them (server/apiv1 of v1.27): newest first,
 * and a removal without any id removes everything. A Mailpit itself can be had neither by npm, Debian 12 nor the Go proxy.
 */
export async function startMailpit({ password = '' } = {}): Promise<Mailpit> {
  let kept: { ID: string; Created: string; raw: Buffer }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://mailpit.test');
      const raw = kept.find(({ ID }) => url.pathname === `/api/v1/message/${ID}/raw`)?.raw;
      const right = `Basic ${Buffer.from(`mail:${password}`).toString('base64')}`;
      if (password !== '' && request.headers.authorization !== right) response.writeHead(401).end();
      else if (raw !== undefined) response.end(raw);
      else if (url.pathname !== '/api/v1/messages') response.writeHead(404).end('404 page not found');
      else if (request.method === 'DELETE') {
        const { IDs = [] } = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { IDs?: string[] };
        kept = IDs.length === 0 ? [] : kept.filter(({ ID }) => !IDs.includes(ID));
        response.end('ok');
      } else {
        const limit = Number(url.searchParams.get('limit') ?? 50);
        const messages = kept.slice(0, limit).map(({ ID, Created }) => ({ ID, Created }));
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ total: kept.length, start: 0, messages }));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const put = async (mail: SendMailOptions): Promise<void> => {
    kept.unshift({ ID: crypto.randomUUID(), Created: new Date().toISOString(), raw: await rawOf(mail) });
  };
  return {
    url: `http://127.0.0.1:${port}`,
    put,
    ids: () => kept.map(({ ID }) => ID),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function rawOf(mail: SendMailOptions): Promise<Buffer> {
  const { message } = await createTransport({ streamTransport: true, buffer: true }).sendMail(mail);
  return Buffer.isBuffer(message) ? message : Buffer.from('');
}
