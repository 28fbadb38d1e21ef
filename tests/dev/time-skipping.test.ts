import { describe, expect, it } from 'vitest';
import { startTimeSkipping } from '../support/temporal.ts';
import { findTestServer } from '../support/test-server.ts';

const server = await findTestServer();
const reason = 'missing' in server ? ` (${server.missing})` : '';

describe.skipIf('missing' in server)(`the time-skipping server${reason}`, () => {
  it('lets 48 hours pass in seconds and knows the search attributes', async () => {
    const environment = await startTimeSkipping();
    try {
      const before = await environment.currentTimeMs();
      const started = Date.now();
      await environment.sleep('48 hours');
      expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(48 * 3_600_000);
      expect(Date.now() - started).toBeLessThan(10_000);
    } finally {
      await environment.teardown();
    }
  });
});
