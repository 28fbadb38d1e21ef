import { defineConfig } from 'vitest/config';

/**
 * The tests that judge a mutant of `src/release`: pure and quick, and the same ones every time. The properties over
 * thousands of plans would catch more and take hours, so the score is a lower bound.
 */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['tests/release/**/*.test.ts'],
    exclude: ['tests/release/*-invariants.test.ts'],
    setupFiles: ['tests/mutation/seed.ts'],
    testTimeout: 60_000,
  },
});
