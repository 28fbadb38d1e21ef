import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends the output with `N passed, N failed, N skipped` alone on a line, for tools that read the end of a log.
 * A file that could not even be loaded counts as failed. What passed at the second attempt only is named.
 */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    const twice: string[] = [];
    for (const module of modules) {
      const before = count.passed + count.failed + count.skipped;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') count[state] += 1;
        if (test.diagnostic()?.flaky)
          twice.push(`passed at the second attempt: ${module.relativeModuleId} > ${test.fullName}\n`);
      }
      const ran = count.passed + count.failed + count.skipped > before;
      if (module.errors().length > 0 || (!ran && module.state() === 'failed')) count.failed += 1;
    }
    // After the other reporters, which also wait for this event.
    process.once('exit', () => {
      process.stdout.write(twice.join(''));
      process.stdout.write(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
    });
  }
}
