import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Guarded } from '../guarded.ts';
import { freePort, isFree } from '../ports.ts';
import { startFront } from './front.ts';
import { startOwnProgram } from './own-program.ts';
import { type DemoPostgres, startDemoPostgres } from './postgres.ts';
import { buildShop } from './versions.ts';

/** A machine in a directory: PostgreSQL, the shop's public address, and all versions of the shop with their plans. */
export type Workspace = {
  home: string;
  /** Where customers find the shop. */
  origin: string;
  /** Version → plan file. */
  plans: ReadonlyMap<string, string>;
  /** What the plans refer to as `${env:…}`; a worker needs it. Holds passwords. */
  environment: { SHOP_ADMIN_URL: string; SHOP_APP_URL: string };
  /** File of the acknowledged orders. */
  ledger: string;
  /** Ends everything that runs in the directory; `keep` leaves the files for whoever looks what went wrong. */
  close(keep: boolean): Promise<void>;
};

/** Sets everything up that is there before the first release. */
export async function openWorkspace(): Promise<Workspace> {
  const home = await mkdtemp(join(tmpdir(), 'savepoint-demo-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const started: { janitor?: Guarded; postgres?: DemoPostgres; front?: Guarded } = {};
  const close = async (keep: boolean): Promise<void> => {
    await started.janitor?.stop();
    await started.front?.stop();
    await started.postgres?.stop();
    if (!keep) await rm(home, { recursive: true, force: true });
  };
  try {
    const plans = await buildShop(home, { origin, backendPorts: await backendPorts() });
    started.janitor = await startOwnProgram('janitor', {
      words: [join(home, 'run')],
      logFile: join(home, 'janitor.log'),
    });
    started.postgres = await startDemoPostgres(join(home, 'postgres'));
    started.front = await startFront(home, port);
    const { adminUrl, appUrl } = started.postgres;
    const environment = { SHOP_ADMIN_URL: adminUrl, SHOP_APP_URL: appUrl };
    return { home, origin, plans, environment, ledger: join(home, 'orders.ledger'), close };
  } catch (error) {
    await close(true);
    throw error;
  }
}

/**
 * Two ports that stay free until a release needs them: below those that the system hands out to whoever asks for any.
 */
async function backendPorts(): Promise<[number, number]> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await isFree(first)) && (await isFree(first + 1))) return [first, first + 1];
  }
}
