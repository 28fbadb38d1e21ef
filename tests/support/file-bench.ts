import { afterAll, beforeAll } from 'vitest';
import { type Bench, openBench } from './release.ts';
import { startTemporal, type TemporalForTests } from './temporal.ts';

/** One real server and one worker for all tests of a file; ask for the bench inside a test. */
export function benchForFile(): () => Bench {
  let temporal: TemporalForTests | undefined;
  let bench: Bench | undefined;
  beforeAll(async () => {
    temporal = await startTemporal();
    bench = await openBench(temporal);
  });
  afterAll(async () => {
    await bench?.stop();
    await temporal?.stop();
  });
  return () => {
    if (bench === undefined) throw new Error('the bench opens in beforeAll');
    return bench;
  };
}
