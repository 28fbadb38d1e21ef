import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { rateLimitSchema } from '../../src/checks/rate-limit.schema.ts';
import { rateLimit } from '../../src/checks/rate-limit.ts';
import { asking } from './asking.ts';
import { closedUrl, evidenceForFile } from './evidence.ts';

const app = evidenceForFile();

const ask = (more: Partial<z.input<typeof rateLimitSchema>> = {}) =>
  rateLimit.ask(asking(rateLimitSchema.parse({ url: `${app().url}/api/campaigns`, ...more })));

describe('SB-05 MB-07 a rate limit', () => {
  test('that refuses in time is a PASS, and no more is sent than needed', async () => {
    const strict = {
      allowed: { min: 5, max: 20 },
      header: { 'retry-after': { matches: '^\\d+$' } },
      remaining: 'X-RateLimit-Remaining',
    };
    expect(await ask(strict)).toMatchObject({
      status: 'PASS',
      summary: expect.stringContaining('let 10 requests through, then refused'),
      evidence: expect.stringContaining('10 × 401, then 429'),
    });
    expect(app().state.requests).toBe(11);
  });

  test('that is not there is a FAIL, after as many requests as the plan allows', async () => {
    app().faults.noRateLimit = true;
    expect(await ask({ allowed: { max: 15 } })).toMatchObject({
      status: 'FAIL',
      summary: '16 requests were let through and none was refused with 429',
      remedy: expect.any(String),
    });
    expect(app().state.requests).toBe(16);
  });

  test('that refuses too early is a FAIL', async () => {
    expect(await ask({ allowed: { min: 50, max: 100 } })).toMatchObject({
      status: 'FAIL',
      summary: 'only 10 requests were let through, expected at least 50',
    });
  });

  test('without the headers that the plan wants is a FAIL', async () => {
    app().faults.noRateLimitHeaders = true;
    expect(await ask({ header: { 'x-ratelimit-limit': '10' } })).toMatchObject({
      status: 'FAIL',
      summary: 'header x-ratelimit-limit is missing (and 1 more)',
    });
    app().state.counted.clear();
    expect(await ask({ remaining: 'x-ratelimit-remaining' })).toMatchObject({
      status: 'FAIL',
      summary: 'header x-ratelimit-remaining is missing or no number (and 1 more)',
    });
  });

  test('that does not say when to come back is a WARN', async () => {
    app().faults.noRateLimitHeaders = true;
    expect(await ask()).toMatchObject({ status: 'WARN', summary: '429 says nothing in Retry-After' });
  });

  test('of a service that breaks meanwhile is a FAIL', async () => {
    app().faults.down = true;
    expect(await ask()).toMatchObject({ status: 'FAIL', summary: 'it answered 503' });
    expect(await ask({ url: await closedUrl() })).toMatchObject({ status: 'FAIL' });
  });

  test('that was used up by others, or cannot be reached, is PENDING', async () => {
    await ask();
    expect(await ask()).toMatchObject({
      status: 'PENDING',
      summary: expect.stringContaining('the limit was used up already'),
    });
    expect(await ask({ url: 'http://nobody.invalid/' })).toMatchObject({ status: 'PENDING' });
  });

  test('that cannot be reached in time is PENDING', async () => {
    const slow = { pause: '40ms', timeout: '100ms', allowed: { max: 50 } };
    expect(await ask(slow)).toMatchObject({
      status: 'PENDING',
      summary: expect.stringContaining('requests could be sent'),
    });
  });

  test('without an end is refused by the plan', () => {
    expect(rateLimitSchema.safeParse({ url: 'http://a.test/', allowed: { min: 3 } }).success).toBe(false);
  });
});
