import { expect, it } from 'vitest';
import { arrivals } from '../../src/performance/load/load-arrivals.ts';
import { openPace } from '../../src/performance/load/load-pace.ts';

/** One request at a time; each takes so long that those behind it are never sent. */
it('what never left because too many others waited is no lateness of the generator', async () => {
  const began = performance.now();
  const missed: string[] = [];
  let waiting = 0;
  await openPace(
    {
      now: () => performance.now() - began,
      room: () => waiting === 0,
      fire(_due, _leaving, ended) {
        waiting += 1;
        setTimeout(() => {
          waiting -= 1;
          ended({ as: 'timeout' });
        }, 200);
      },
      miss: (_due, why) => void missed.push(why),
    },
    arrivals(100, 300),
    { endMs: 300, timeoutMs: 50, lateAfterMs: 10 },
  );
  expect(missed.length).toBeGreaterThan(10);
  expect(new Set(missed)).toEqual(new Set(['held']));
});
