import { defineConfig } from 'vitest/config';
import { ClosingLine } from './tests/support/reporter.ts';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['tests/**/*.test.ts'],
    // One process per file: a file that leaks a handle or a variable cannot disturb another one.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    reporters: [process.env.CI ? 'dot' : 'default', new ClosingLine()],
  },
});
