import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongFirst } from './tests/support/long-first.ts';
import { ClosingLine } from './tests/support/reporter.ts';

/**
 * What judges how fast something is, or hangs on a watch of seconds: alone, after everything else. All else asserts
 * outcomes, however long they take.
 */
const measuring = [
  ...['demo', 'financial-rise', 'secrets'].map((name) => `tests/e2e/${name}.test.ts`),
  'tests/performance/load*.test.ts',
  'tests/workflows/performance.test.ts',
  // The test server loses workflow tasks on a busy machine, and what it loses is not judged.
  'tests/simulation/server.test.ts',
];

/** Files wait for servers, heartbeats and each other's processes a third of their time: one more than there are cores. */
const maxWorkers = Math.min(availableParallelism(), 4) + 1;

export default defineConfig({
  test: {
    environment: 'node',
    // One process per file: a file that leaks a handle or a variable cannot disturb another one.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    reporters: ['default', new ClosingLine()],
    sequence: { sequencer: LongFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['tests/**/*.test.ts'],
          exclude: measuring,
          maxWorkers,
          // A machine that stands still for half a minute is no defect. Any other failure is one at once.
          retry: { count: 1, condition: /timed out in \d+ms/ },
          sequence: { groupOrder: 0 },
        },
      },
      // A machine that stands still while something is timed is no defect; what fails twice is.
      {
        extends: true,
        test: { name: 'alone', include: measuring, maxWorkers: 1, retry: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
