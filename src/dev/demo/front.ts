import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { type Guarded, startGuarded } from '../guarded.ts';
import { shopDirectory } from './versions.ts';

/** Starts the shop's public address on `port`; its log is `<home>/front.log`. It serves what `<home>/run` holds. */
export async function startFront(home: string, port: number): Promise<Guarded> {
  const log = await open(join(home, 'front.log'), 'a');
  const env = {
    ...process.env,
    PORT: String(port),
    SWITCH_FILE: join(home, 'run', 'front', 'backend.json'),
    WWW_ROOT: join(home, 'run', 'www'),
  };
  const program = join(shopDirectory, 'front', 'front.mjs');
  const front = startGuarded(process.execPath, [program], { cwd: home, env, log: log.fd });
  await log.close();
  for (const deadline = Date.now() + 10_000; Date.now() < deadline && !front.hasEnded(); await sleep(30)) {
    if (await answers(port)) return front;
  }
  await front.stop();
  throw new Error('the front of the shop does not answer; see front.log in the directory of the demo');
}

async function answers(port: number): Promise<boolean> {
  try {
    await (await request(`http://127.0.0.1:${port}/`)).body.dump();
    return true;
  } catch {
    return false;
  }
}
