import type { CheckResult } from '../release/check.ts';
import { byGroup, isOpen } from '../release/suite.ts';
import type { SuiteRun } from './suite.ts';

/**
 * A run of the suite as JUnit XML, as CI systems read it: a group is a suite, a check a case. FAIL is a failure; a required
 * check that could not be asked is an error; another one is skipped; WARN passes, and says so in its output.
 */
export function suiteJunit({ application, environment, startedAt, results }: SuiteRun): string {
  const suites = byGroup(results).map(({ group, results: some }) => suite(group ?? 'checks', some, startedAt));
  const counted = attributes({ name: `${application} ${environment}`, ...totals(results) });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${counted}>\n${suites.join('')}</testsuites>\n`;
}

function suite(name: string, results: CheckResult[], timestamp: string): string {
  const cases = results.map((result) => testCase(name, result)).join('');
  return `  <testsuite${attributes({ name, ...totals(results), timestamp })}>\n${cases}  </testsuite>\n`;
}

function totals(results: readonly CheckResult[]): Record<string, string> {
  const count = (is: (result: CheckResult) => boolean): string => String(results.filter(is).length);
  return {
    tests: String(results.length),
    failures: count(({ status }) => status === 'FAIL'),
    errors: count(isOpen),
    skipped: count((result) => result.status === 'PENDING' && !isOpen(result)),
    time: seconds(results.reduce((sum, { durationMs }) => sum + durationMs, 0)),
  };
}

function testCase(group: string, result: CheckResult): string {
  const head = `    <testcase${attributes({ classname: group, name: result.name, time: seconds(result.durationMs) })}`;
  const inside = outcome(result);
  return inside === '' ? `${head}/>\n` : `${head}>${inside}</testcase>\n`;
}

function outcome(result: CheckResult): string {
  const { status, summary, evidence, remedy } = result;
  const text = escaped([evidence, remedy === undefined ? '' : `→ ${remedy}`].filter((line) => line !== '').join('\n'));
  const message = attributes({ message: summary });
  if (status === 'FAIL') return `<failure${message}>${text}</failure>`;
  if (isOpen(result)) return `<error${message}>${text}</error>`;
  if (status === 'PENDING') return `<skipped${message}/>`;
  return status === 'WARN' ? `<system-out>${escaped(`WARN: ${summary}`)}\n${text}</system-out>` : '';
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(value).replaceAll('\n', '&#10;')}"`)
    .join('');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** XML has no way to write most control characters and lone surrogates, so they are left out. */
function escaped(text: string): string {
  return text
    .replace(/(?![\n\t])[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
