import { describe, expect, it } from 'vitest';
import { latencySchema } from '../../src/checks/latency.schema.ts';
import { latency } from '../../src/checks/latency.ts';
import { asking } from './asking.ts';
import { closedUrl, evidenceForFile } from './evidence.ts';

const app = evidenceForFile();

const ask = (more: object = {}) =>
  latency.ask(
    asking(latencySchema.parse({ url: `${app().url}/health`, every: '5ms', p95: { warn: '1s', fail: '2s' }, ...more })),
  );

describe('SB-07 how long answers take', () => {
  it('within the limits is a PASS that tells percentile, range and number of samples', async () => {
    const answer = await ask({ samples: 30 });
    expect(answer.status).toBe('PASS');
    expect(answer.summary).toMatch(/^p95 [\d.]+ ms over 30 samples$/);
    expect(answer.evidence).toMatch(/p95: [\d.]+ ms, likely between [\d.]+ and [\d.]+ ms/);
    expect(app().state.requests).toBe(30);
  });

  it('above the first limit is a WARN, above the second a FAIL', async () => {
    app().faults.slowMs = 900;
    expect(await ask({ p95: { warn: '50ms', fail: '60s' } })).toMatchObject({
      status: 'WARN',
      summary: expect.stringMatching(/^p95 is [\d.]+ ms, limit 50 ms$/),
    });
    expect(await ask({ p50: '50ms' })).toMatchObject({ status: 'FAIL' });
  });

  it('slow answers do not thin out the samples: all are sent at their pace', async () => {
    app().faults.slowMs = 200;
    const began = performance.now();
    await ask({ samples: 20 });
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  it('quick wrong answers are a FAIL and do not look fast', async () => {
    app().faults.down = true;
    expect(await ask()).toMatchObject({
      status: 'FAIL',
      summary: '100 % of 20 answers are wrong, limit 0 %, such as: status is 503, expected 2xx',
      evidence: expect.stringContaining('p95: unknown'),
    });
    expect(await ask({ url: `${await closedUrl()}/` })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('refused or dropped the connection'),
    });
  });

  it('nobody knows where this machine itself was too busy: PENDING, and what was seen', async () => {
    const busy = setInterval(() => {
      for (const endsAt = performance.now() + 300; performance.now() < endsAt; );
    }, 5);
    const answer = await ask({ p95: '500ms' });
    clearInterval(busy);
    expect(answer).toMatchObject({ status: 'PENDING', summary: expect.stringContaining('this machine was too busy') });
    expect(answer.evidence).toMatch(/p95 is [\d.]+ ms, limit 500 ms/);
  });

  it('of a name that does not resolve nobody knows: PENDING', async () => {
    expect(await ask({ url: 'http://nobody.invalid/' })).toMatchObject({ status: 'PENDING' });
  });

  it.each([
    [{ samples: 10, p95: '1s' }, 'must be at least 20, so that 95 % of them can be told from all'],
    [{ samples: 50, p99: '1s' }, 'must be at least 100, so that 99 % of them can be told from all'],
    [{}, 'must be given, or p50 or p99'],
  ])('cannot be asked for as %j', (written, says) => {
    const parsed = latencySchema.safeParse({ url: 'http://127.0.0.1/', ...written });
    expect(parsed.error?.issues.map(({ message }) => message)).toEqual([says]);
  });
});
