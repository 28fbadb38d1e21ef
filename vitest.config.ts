import { defineConfig } from 'vitest/config';
import { ClosingLine } from './tests/support/reporter.ts';

/** Whole releases of real applications measure time and load: they run alone, after everything else. */
const endToEnd = ['tests/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    environment: 'node',
    // One process per file: a file that leaks a handle or a variable cannot disturb another one.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    reporters: ['default', new ClosingLine()],
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['tests/**/*.test.ts'],
          exclude: endToEnd,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'e2e', include: endToEnd, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
