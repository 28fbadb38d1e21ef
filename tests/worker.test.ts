import { describe, expect, it } from 'vitest';
import { quieter } from '../src/worker.ts';

describe('what a worker says', () => {
  it('is one line in 30 s while Temporal is away, not one for each try of each poller', () => {
    const written: string[] = [];
    let clock = 0;
    const log = quieter(
      (text) => written.push(text),
      () => clock,
    );
    const retried = { level: 'WARN', message: 'gRPC call poll_activity_task_queue retried 7 times' } as const;
    for (clock = 0; clock < 60_000; clock += 500) log({ ...retried, timestampNanos: 0n });
    const line = '1970-01-01T00:00:00.000Z [WARN] Temporal does not answer; this worker keeps trying\n';
    expect(written).toEqual([line, line]);
  });

  it('holds every other warning with what belongs to it, on one entry', () => {
    const written: string[] = [];
    const log = quieter((text) => written.push(text));
    log({ level: 'WARN', message: 'No workflows registered, not polling', timestampNanos: 0n });
    log({ level: 'WARN', message: 'Activity failed', timestampNanos: 0n, meta: { attempt: 2 } });
    expect(written).toEqual(['1970-01-01T00:00:00.000Z [WARN] Activity failed { attempt: 2 }\n']);
  });
});
