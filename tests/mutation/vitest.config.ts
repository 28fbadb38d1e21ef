import { defineConfig } from 'vitest/config';

/** The tests that judge a mutant of `src/release`: pure and quick, and the same ones every time. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['tests/release/**/*.test.ts'],
    setupFiles: ['tests/mutation/seed.ts'],
  },
});
