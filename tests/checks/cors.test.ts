import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { corsSchema } from '../../src/checks/cors.schema.ts';
import { cors } from '../../src/checks/cors.ts';
import { asking } from './asking.ts';
import { closedUrl, evidenceForFile } from './evidence.ts';

const app = evidenceForFile();
const page = 'https://app.shop.test';

const ask = (more: Partial<z.input<typeof corsSchema>> = {}) =>
  cors.ask(asking(corsSchema.parse({ url: `${app().url}/api/campaigns`, allowed: [page], ...more })));

describe('SB-01 MB-07 pages of other origins', () => {
  test('those that should be are let in, others are not: a PASS', async () => {
    const whole = { methods: ['GET', 'POST', 'DELETE'], headers: ['Authorization', 'content-type'], credentials: true };
    expect(await ask(whole)).toMatchObject({ status: 'PASS', summary: '1 origins are let in, 1 are not' });
  });

  test.each([
    [
      'an origin that is not let in',
      { allowed: ['https://other.test'] },
      'https://other.test: it is not let in, nobody is',
    ],
    ['a method that is not allowed', { methods: ['PATCH'] }, `${page}: PATCH is not allowed`],
    ['a header that is not allowed', { headers: ['x-trace'] }, `${page}: the header x-trace is not allowed`],
  ])('%s is a FAIL', async (_, more, summary) => {
    expect(await ask(more)).toMatchObject({ status: 'FAIL', summary, remedy: expect.any(String) });
  });

  test('a service that lets everybody in by name is a FAIL', async () => {
    app().faults.reflectsOrigin = true;
    expect(await ask()).toMatchObject({
      status: 'FAIL',
      summary: 'https://not-allowed.example is let in, with cookies',
    });
  });

  test('a service that lets everybody in without cookies is a WARN, and a FAIL where pages need cookies', async () => {
    app().faults.anyOrigin = true;
    expect(await ask()).toMatchObject({
      status: 'WARN',
      summary: 'every origin is let in, https://not-allowed.example too',
    });
    expect(await ask({ credentials: true })).toMatchObject({ status: 'FAIL' });
  });

  test('a service that is gone is a FAIL, one that cannot be found is PENDING', async () => {
    expect(await ask({ url: await closedUrl() })).toMatchObject({ status: 'FAIL' });
    expect(await ask({ url: 'http://nobody.invalid/' })).toMatchObject({ status: 'PENDING' });
  });
});
