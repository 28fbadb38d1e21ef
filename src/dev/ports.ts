import { createServer } from 'node:net';

/** Listens for a moment. Resolves to the port, or to null when it is taken. Port 0 lets the system choose. */
function tryPort(port: number, ip: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen({ port, host: ip, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

/** A port that was free a moment ago. */
export async function freePort(ip = '127.0.0.1'): Promise<number> {
  const port = await tryPort(0, ip);
  if (port === null) throw new Error(`no free port on ${ip}`);
  return port;
}

export async function isFree(port: number, ip = '127.0.0.1'): Promise<boolean> {
  return (await tryPort(port, ip)) !== null;
}
