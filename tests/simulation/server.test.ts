import { expect, test } from 'vitest';
import { findTestServer } from '../support/test-server.ts';
import { runAlone, runFor } from './server/run.ts';

const found = await findTestServer();
const missing = 'missing' in found ? ` (skipped: ${found.missing})` : '';
const given = Number(process.env.SEED ?? Number.NaN);
/** For `npm test`; `npm run simulate -- --minutes 10` takes longer and sees more. */
const seconds = 20;

// What one attempt found is a breach, whatever another one says.
test.skipIf(missing !== '' || !Number.isNaN(given))(
  `releases on a real server with faults, people and accidents at random keep every promise${missing}`,
  { retry: 0, timeout: 300_000 },
  async () => {
    const { seeds, outcomes, found: broken, again } = await runFor(1, seconds * 1000);
    console.log(
      `${seeds} seeds on the server: ${JSON.stringify(outcomes)}; played again: ${again.join(', ') || 'none'}`,
    );
    expect(broken.slice(0, 2).join('\n\n')).toBe('');
  },
);

// One seed is a test only where somebody asks for it, so that nothing is skipped elsewhere.
if (!Number.isNaN(given)) {
  test.skipIf(missing !== '')(
    `SEED=${given} keeps every promise on the server${missing}`,
    async () => {
      const { found: broken } = await runAlone(given);
      expect(broken ?? '').toBe('');
    },
    120_000,
  );
}
