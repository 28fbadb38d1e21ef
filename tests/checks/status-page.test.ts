import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { statusPageSchema } from '../../src/checks/status-page.schema.ts';
import { statusPage } from '../../src/checks/status-page.ts';
import { asking } from './asking.ts';
import { closedUrl, evidenceForFile } from './evidence.ts';

const app = evidenceForFile();
const ask = (more: Partial<z.input<typeof statusPageSchema>> = {}) =>
  statusPage.ask(asking(statusPageSchema.parse({ url: `${app().url}/api/v2/status.json`, ...more })));
const summary = () => `${app().url}/api/v2/summary.json`;

describe('FR-11 a status page', () => {
  test('that says all is well is a PASS', async () => {
    expect(await ask()).toMatchObject({ status: 'PASS', evidence: expect.stringContaining('All Systems Operational') });
    expect(await ask({ url: summary(), components: ['API', 'Webhooks'] })).toMatchObject({ status: 'PASS' });
  });

  test.each([
    ['minor', 'WARN'],
    ['maintenance', 'WARN'],
    ['major', 'FAIL'],
    ['critical', 'FAIL'],
  ])('that says %s is a %s', async (indicator, status) => {
    app().state.statusPage.indicator = indicator;
    expect(await ask()).toMatchObject({ status, summary: `the whole is ${indicator}`, remedy: expect.any(String) });
  });

  test('one component counts by its name, and a missing one is a FAIL', async () => {
    app().state.statusPage.components[1] = { name: 'Webhooks', status: 'partial_outage' };
    expect(await ask({ url: summary(), components: ['API'] })).toMatchObject({ status: 'PASS' });
    expect(await ask({ url: summary(), components: ['Webhooks'] })).toMatchObject({
      status: 'FAIL',
      summary: 'Webhooks is partial_outage',
    });
    expect(await ask({ url: summary(), components: ['Mail "out"'] })).toMatchObject({
      status: 'FAIL',
      summary: 'Mail "out" is not on the page',
    });
  });

  test('of another make is read by its path and words', async () => {
    const other = { url: `${app().url}/health`, path: '$.status', good: ['ok'] };
    expect(await ask(other)).toMatchObject({ status: 'PASS' });
    expect(await ask({ ...other, path: '$.nothing' })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('tells no state at $.nothing'),
    });
  });

  test('that does not answer is a FAIL, one that cannot be found PENDING', async () => {
    expect(await ask({ url: await closedUrl() })).toMatchObject({ status: 'FAIL' });
    expect(await ask({ url: `${app().url}/none` })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('answered 404'),
    });
    expect(await ask({ url: 'http://nobody.invalid/' })).toMatchObject({ status: 'PENDING' });
    expect(await ask({ path: '$[' })).toMatchObject({ status: 'PENDING' });
  });
});
