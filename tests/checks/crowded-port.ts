import { spawn } from 'node:child_process';
import { connect } from 'node:net';

/** A port whose queue is full: the kernel drops every further attempt to connect, as a firewall does. */
export async function crowdedPort(): Promise<{ port: number; release: () => void }> {
  const script = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('fs').writeSync(1, String(s.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
  const crowd = Array.from({ length: 4 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => undefined));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const release = () => {
    for (const socket of crowd) socket.destroy();
    child.kill('SIGKILL');
  };
  return { port, release };
}
