import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends the output with `N passed, N failed, N skipped` alone on a line, for tools that read the end of a log.
 * A file that could not even be loaded counts as failed.
 */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      const before = count.passed + count.failed + count.skipped;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') count[state] += 1;
      }
      const ran = count.passed + count.failed + count.skipped > before;
      if (module.errors().length > 0 || (!ran && module.state() === 'failed')) count.failed += 1;
    }
    // After the other reporters, which also wait for this event.
    process.once('exit', () => {
      process.stdout.write(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
    });
  }
}
