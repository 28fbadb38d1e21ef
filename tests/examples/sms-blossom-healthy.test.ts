import { describe, expect, it } from 'vitest';
import { alarms, blossomForFile, leftBehind, missing } from './sms-blossom-bed.ts';

const bed = blossomForFile();

describe.skipIf(missing !== undefined)('SB-02 SMS Blossom, healthy', () => {
  it('passes in 50 runs without one false alarm, also where three go on at the same time', async () => {
    const run = async () => alarms(await bed().ask([], { cleanup: false }));
    for (let alone = 1; alone <= 2; alone += 1) expect(await run(), `run ${alone}`).toEqual([]);
    for (let batch = 1; batch <= 16; batch += 1) {
      const three = await Promise.all([run(), run(), run()]);
      expect(three.flat(), `batch ${batch}`).toEqual([]);
    }
  }, 180_000);

  it('has no row, no job and no counted request left, whatever runs before did not remove', async () => {
    await bed().ask(['security', 'webhooks', 'campaigns'], { cleanup: false });
    const left = (await leftBehind(bed().world)).map((what) => what.replace(/ .*|:[^:]*$/, ''));
    expect([...new Set(left)].sort()).toEqual(['blossom:limit', 'campaigns', 'events', 'messages', 'webhook_events']);
    await bed().ask(['webhooks']);
    expect(await leftBehind(bed().world)).toEqual([]);
  });

  it('has nothing left after an abort in the middle either', async () => {
    const stop = new AbortController();
    const asked = bed().ask([], { signal: stop.signal });
    while ((await leftBehind(bed().world)).every((what) => !what.startsWith('webhook_events')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
    expect(await leftBehind(bed().world)).toEqual([]);
  });
});
