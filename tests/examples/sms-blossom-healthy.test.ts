import { describe, expect, it } from 'vitest';
import { blossomForFile, found, leftBehind, missing } from './sms-blossom-bed.ts';

const bed = blossomForFile();

describe.skipIf(missing !== undefined)('SB-02 SMS Blossom, healthy', () => {
  it('passes in 50 runs, five at a time, without one false alarm', async () => {
    const run = async () => found(await bed().ask([], { cleanup: false }));
    for (let batch = 1; batch <= 10; batch += 1) {
      const five = await Promise.all([run(), run(), run(), run(), run()]);
      expect(five.flat(), `batch ${batch}`).toEqual([]);
    }
  }, 120_000);

  it('has no row, no job and no counted request of all these left, once one more has cleaned up', async () => {
    expect((await leftBehind(bed().world)).length).toBeGreaterThan(50);
    await bed().ask();
    expect(await leftBehind(bed().world)).toEqual([]);
  });

  it('has nothing left after an abort in the middle either', async () => {
    const { app } = bed().world;
    const stop = new AbortController();
    const asked = bed().ask([], { signal: stop.signal });
    while ((await leftBehind(bed().world)).every((what) => !what.startsWith('webhook_events')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
    expect(app.state.requests).toBeGreaterThan(0);
    expect(await leftBehind(bed().world)).toEqual([]);
  });
});
