import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { shopDirectory } from './versions.ts';

export type Front = { stop(): Promise<void> };

/** Starts the shop's public address on `port`; its log is `<home>/front.log`. It serves what `<home>/run` holds. */
export async function startFront(home: string, port: number): Promise<Front> {
  const log = await open(join(home, 'front.log'), 'a');
  const child = spawn(process.execPath, [join(shopDirectory, 'front', 'front.mjs')], {
    cwd: home,
    env: {
      ...process.env,
      PORT: String(port),
      SWITCH_FILE: join(home, 'run', 'front', 'backend.json'),
      WWW_ROOT: join(home, 'run', 'www'),
    },
    stdio: ['ignore', log.fd, log.fd],
    // Ctrl-C in the terminal goes to the demo, which stops the front when the writer has finished.
    detached: true,
  });
  await log.close();
  await answers(child, port);
  return { stop: () => end(child) };
}

async function answers(child: ChildProcess, port: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error('the front of the shop ended at once; see front.log');
    try {
      await (await request(`http://127.0.0.1:${port}/`)).body.dump();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  throw new Error('the front of the shop does not answer; see front.log');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await ended;
  clearTimeout(hard);
}
