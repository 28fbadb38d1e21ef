import { readdir, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `janitor <directory>`: ends every process that works in the directory, once it is told to end itself. Backends
 * outlive the worker on purpose; the janitor sees to it that none outlives the demo, however that ends.
 */
const [directory = ''] = process.argv.slice(2);

async function inside(): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
    if (directory !== '' && `${cwd}/`.startsWith(`${directory}/`)) found.push(Number(name));
  }
  return found;
}

function kill(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

async function sweep(): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of await inside()) kill(pid, signal);
    for (let tries = 0; tries < 40 && (await inside()).length > 0; tries += 1) await sleep(50);
  }
}

const awake = setInterval(() => undefined, 1 << 30);
process.once('SIGTERM', () => void sweep().finally(() => clearInterval(awake)));
