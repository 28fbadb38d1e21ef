import { expect, it } from 'vitest';
import { pagesSchema } from '../../src/performance/pages/pages.schema.ts';
import { judgePage, type PageResult } from '../../src/performance/pages/pages-judging.ts';

/** What is read of one run of Lighthouse. */
function run({ score = 0.9, fcp = 1_000, total = 500_000 as number | null, warning = '' } = {}): PageResult {
  const items = total === null ? [] : [{ resourceType: 'total', transferSize: total, requestCount: 12 }];
  return {
    runWarnings: warning === '' ? [] : [warning],
    categories: { performance: { score } },
    audits: {
      'first-contentful-paint': { numericValue: fcp },
      'resource-summary': { details: { type: 'table', items } },
    },
  };
}

function judged(limits: object, results: PageResult[]) {
  const spec = pagesSchema.parse({ url: 'http://shop/', ...limits });
  return judgePage({ name: 'front', spec, results, kept: 'report: x' });
}

it('FR-10 one bad run of three does not decide: the median does', () => {
  const runs = [run({ score: 0.3, fcp: 9_000 }), run({ score: 0.93, fcp: 1_100 }), run({ score: 0.95 })];
  const said = judged({ score: { consult: 90, rollBack: 50 }, fcp: { consult: '2s' } }, runs);
  expect(said.map(({ value, verdict }) => [value, verdict])).toEqual([
    [93, 'proceed'],
    [1_100, 'proceed'],
  ]);
  expect(said[0]?.explanation).toBe('score 93 points (median of 3 runs, 30 to 95) is within the limit of 90 points');
});

it('a budget is told in thousands of bytes and in requests, and a weak worker is said with it', () => {
  const slow = 'The tested device appears to have a slower CPU than Lighthouse expects.';
  const said = judged({ budget: { total: '400 KB', requests: { consult: 10, rollBack: 100 } } }, [
    run({ warning: slow }),
  ]);
  expect(said).toMatchObject([
    { verdict: 'consult', value: 500, unit: 'kB', limit: 400 },
    { verdict: 'consult', value: 12, unit: 'requests', limit: 10 },
  ]);
  expect(said[0]?.explanation).toMatch(
    /^total transferred 500 kB .* for asking; Lighthouse finds the processor .*; report: x$/,
  );
});

it('a value that Lighthouse does not have is not good', () => {
  const [total] = judged({ budget: { total: '400 KB' } }, [run({ total: null })]);
  expect(total).toMatchObject({ verdict: 'unknown', value: null });
});
