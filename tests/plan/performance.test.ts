import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { releaseJsonSchema } from '../../src/plan/json-schema.ts';
import { referencesOf } from '../../src/release/references.ts';
import { load, loaded, said, shop } from './plans.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/performance.md'), 'utf8');
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block);
const validate = new Ajv({ strict: false, validateFormats: false }).compile(releaseJsonSchema());

/** The shop with a performance step; its first line is line 32 of the file. */
function measured(step: string): string {
  return `${shop}performance:\n${step}`;
}

async function saidOf(step: string, checkFiles = false): Promise<string[]> {
  return said(await load(measured(step), { checkFiles }));
}

describe('docs/performance.md', () => {
  it.each(blocks)('shows plans that load, and that editors accept: %#', async (block) => {
    const { plan, warnings } = await loaded(shop + block);
    expect(warnings).toEqual([]);
    const step = plan.steps.find(({ activity }) => activity === 'performance');
    expect([...(step?.requests ?? []), ...(step?.measurements ?? [])]).not.toEqual([]);
    expect(validate(parse(shop + block)), JSON.stringify(validate.errors)).toBe(true);
  });

  it('shows every kind of measurement', async () => {
    const plans = await Promise.all(blocks.map((block) => loaded(shop + block)));
    const steps = plans.flatMap(({ plan }) => plan.steps);
    const kinds = new Set(steps.flatMap(({ measurements = [] }) => measurements.map(({ kind }) => kind)));
    expect([...kinds].sort()).toEqual(['k6', 'load', 'pages']);
  });
});

const good = {
  request: '{ name: list, url: "http://127.0.0.1/", samples: 200, p95: { consult: 1s } }',
  page: '{ name: front, url: "http://127.0.0.1/${env:FRONT}", score: { consult: 90 }, timeout: 1m }',
  script: '{ name: checkout, script: ./checkout.js, env: { TOKEN: "${env:K6_TOKEN}" }, timeout: 5m }',
};

describe('a performance step', () => {
  it('goes through requests, pages and scripts in this order, whatever the order of the file, and has the time for all', async () => {
    const { plan } = await loaded(
      measured(`  k6: [${good.script}]\n  pages: [${good.page}]\n  requests: [${good.request}]\n`),
    );
    const step = plan.steps.find(({ activity }) => activity === 'performance');
    expect(step?.requests.map(({ name }) => name)).toEqual(['list']);
    expect(step?.measurements).toMatchObject([
      { kind: 'pages', name: 'front', spec: { runs: 3, throttling: 'simulated', score: { consult: 90 } } },
      { kind: 'k6', name: 'checkout', spec: { script: './checkout.js', thresholds: 'rollBack' } },
    ]);
    const minutes = (step?.patienceMs ?? 0) / 60_000;
    expect(minutes).toBeGreaterThan(3 * 1.5 + 5);
    expect(referencesOf(plan)).toEqual(expect.arrayContaining(['env:FRONT', 'env:K6_TOKEN']));
  });

  it('without measurements is the step that older versions made', async () => {
    const { plan } = await loaded(measured(`  requests: [${good.request}]\n`));
    const step = plan.steps.find(({ activity }) => activity === 'performance');
    expect(step).not.toHaveProperty('measurements');
    expect(step?.requests[0]).not.toHaveProperty('compares');
  });

  it('compares with the version before where it has such limits, after those of its own', async () => {
    const limits = 'p95: { rollBack: 1s }, baseline: { p95: { consult: 25 %, rollBack: 50 % } }';
    const { plan } = await loaded(
      measured(`  requests: [{ name: list, url: "http://127.0.0.1/", samples: 200, ${limits} }]\n`),
    );
    expect(plan.steps.find(({ activity }) => activity === 'performance')?.requests).toMatchObject([
      {
        compares: true,
        criteria: [
          { name: 'p95 of list', measure: 'p95', rollBackAbove: 1_000 },
          { name: 'p95 of list against before', against: 'baseline', consultAbove: 25, rollBackAbove: 50 },
        ],
      },
    ]);
  });
});

const refused: [on: string, step: string, says: string][] = [
  ['is empty', '  {}\n', 'performance: must hold requests, pages, load or k6'],
  [
    'has too few samples for a percentile',
    '  requests: [{ name: list, url: "http://127.0.0.1/", samples: 20, p99: { rollBack: 1s } }]\n',
    'performance.requests[0].p99: p99 of 20 samples is the slowest of them, so one slow answer decides; set samples: 100 or more, or limit another percentile',
  ],
  [
    'has too few samples for a comparison',
    '  requests: [{ name: list, url: "http://127.0.0.1/", baseline: { p95: { consult: 25 % } } }]\n',
    'performance.requests[0].baseline.p95: 20 samples of p95 cannot be told from those of the version before; set samples: 200 or more',
  ],
  [
    'compares with limits that are the wrong way round',
    '  requests: [{ name: list, url: "http://127.0.0.1/", samples: 200, baseline: { p95: { consult: 50 %, rollBack: 25 % } } }]\n',
    'performance.requests[0].baseline.p95.consult: asks a person only above the limit at which it goes back anyway; make consult lower than rollBack',
  ],
  [
    'asks about a score only where it goes back anyway',
    '  pages: [{ name: front, url: "http://127.0.0.1/", score: { consult: 50, rollBack: 90 } }]\n',
    'performance.pages[0].score.consult: asks only below the limit at which it goes back anyway; make consult higher than rollBack',
  ],
  [
    'has a page that nothing judges',
    '  pages: [{ name: front, url: "http://127.0.0.1/" }]\n',
    'performance.pages[0]: is measured and nothing judges it; add limits for score, fcp, lcp, tti, tbt, cls or a budget',
  ],
  [
    'has two pages of one name',
    `  pages: [${good.page}, ${good.page}]\n`,
    'performance.pages[1].name: another one here is called "front"; choose another name',
  ],
  [
    'measures time without a unit',
    '  pages: [{ name: f, url: "http://a/", lcp: { consult: 2 } }]\n',
    'must be a duration',
  ],
  [
    'holds a secret of a script in the clear',
    '  k6: [{ name: checkout, script: ./a.js, env: { API_TOKEN: hunter2hunter2 } }]\n',
    'a secret is written in the clear',
  ],
];

describe('a performance step is refused that', () => {
  it.each(refused)('%s', async (_on, step, says) => {
    const told = await saidOf(step);
    expect(told.join('\n')).toContain(says);
    expect(told.join('\n')).toMatch(/^release.yaml:3\d:/);
    expect(told.join('\n')).not.toContain('hunter2');
  });

  it('names a script that is not there', async () => {
    expect((await saidOf(`  k6: [${good.script}]\n`, true)).join('\n')).toContain(
      'performance.k6[0].script: there is no file or directory ./checkout.js; paths start at the directory of the plan file',
    );
  });
});
