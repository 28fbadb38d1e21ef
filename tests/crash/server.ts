import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { type DevServer, startDevServer } from '../../src/dev/temporal.ts';

/** A real Temporal server on a file, which can be killed and comes back with what it knew. */
export type MortalServer = {
  address: string;
  client: Client;
  /** SIGKILL, `meanwhile` while nobody answers, and a new one on the same file and port. */
  killAndRestart(meanwhile: () => void): Promise<void>;
  close(): Promise<void>;
};

const awayMs = 1_000;

export async function startMortalServer(folder: string): Promise<MortalServer> {
  let starts = 0;
  const start = async (port: number): Promise<DevServer> => {
    starts += 1;
    const logFile = join(folder, `temporal-${starts}.log`);
    return await startDevServer({ dataFile: join(folder, 'temporal.db'), port, uiPort: null, logFile });
  };
  let server = await start(0).catch(() => start(0));
  const { address } = server;
  const port = Number(address.split(':').at(-1));
  const connection = await Connection.connect({ address });
  return {
    address,
    client: new Client({ connection }),
    async killAndRestart(meanwhile) {
      // The whole group: a shell guards the server.
      process.kill(-server.pid, 'SIGKILL');
      await server.ended;
      meanwhile();
      await sleep(awayMs);
      server = await start(port);
    },
    async close() {
      await connection.close();
      await server.stop();
    },
  };
}

/** One of several who wait for each other. Coming and being over count once together. */
export type Member = { held(): Promise<void>; over(): void };

/** Members that are held until all of them have come or are over; then `happens` lets them go. */
export function meeting(size: number, happens: (letGo: () => void) => Promise<void>): Member[] {
  let missing = size;
  let letGo = (): void => {};
  let refuse = (_: unknown): void => {};
  const gone = new Promise<void>((resolve, reject) => {
    letGo = resolve;
    refuse = reject;
  });
  gone.catch(() => {});
  return Array.from({ length: size }, () => {
    let counts = true;
    const over = (): void => {
      if (counts) missing -= 1;
      if (counts && missing === 0) happens(letGo).catch(refuse);
      counts = false;
    };
    const held = async (): Promise<void> => {
      over();
      await gone;
    };
    return { held, over };
  });
}
