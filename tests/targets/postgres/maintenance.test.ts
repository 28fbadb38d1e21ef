import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openMaintenance } from '../../../src/targets/postgres/maintenance.ts';
import { startPostgres } from '../../support/postgres.ts';

test('first releases of several applications at once share one new server', async () => {
  const server = await startPostgres();
  try {
    for (let round = 0; round < 5; round += 1) {
      const opened = Array.from({ length: 8 }, async (_, index) => {
        await sleep(index * 8);
        const place = { url: server.url(), database: `shop${index}` };
        await (await openMaintenance(place, `savepoint/database/${index}`)).close();
      });
      const failures = (await Promise.allSettled(opened)).filter(({ status }) => status === 'rejected');
      expect(failures).toEqual([]);
      await server.sql('drop database savepoint with (force)');
    }
  } finally {
    await server.stop();
  }
}, 90_000);
