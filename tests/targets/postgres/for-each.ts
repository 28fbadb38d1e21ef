import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Postgres, startPostgres } from '../../support/postgres.ts';
import { type WayBack, wayBackOf } from './way-back.ts';
import { startWorld, type World } from './world.ts';

/** What a test finds: the server of its file, and a shop of its own on it. */
export type Shop = { readonly server: Postgres; readonly world: World };

/** One server for all tests of a file and a world for each of them; ask for both inside a test. */
export function shopForEach(options: Parameters<typeof startPostgres>[0] = {}): Shop {
  let server: Postgres | undefined;
  let world: World | undefined;
  beforeAll(async () => {
    server = await startPostgres(options);
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    world = await startWorld(there(server));
  });
  afterEach(() => world?.end());
  return {
    get server() {
      return there(server);
    },
    get world() {
      return there(world);
    },
  };
}

/** As `shopForEach`, with the verbs of one release on its way back. */
export function wayBackForEach(): Shop & { readonly way: WayBack } {
  const shop = shopForEach();
  let way: WayBack | undefined;
  beforeEach(() => {
    way = wayBackOf(shop.world);
  });
  return {
    get server() {
      return shop.server;
    },
    get world() {
      return shop.world;
    },
    get way() {
      return there(way);
    },
  };
}

function there<T>(started: T | undefined): T {
  if (started === undefined) throw new Error('the shop opens before each test');
  return started;
}
