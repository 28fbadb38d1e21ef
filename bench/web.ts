import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from './scope.ts';

/** A web server of this process on a port of its own. It ends with the scope. */
export async function serve(scope: Scope, listener: RequestListener): Promise<string> {
  const server = await scope.open(
    () =>
      new Promise<Server>((resolve) => {
        const opened = createServer(listener).listen(0, '127.0.0.1', () => resolve(opened));
      }),
    (opened) => {
      opened.closeAllConnections();
      return new Promise((resolve) => opened.close(resolve));
    },
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
