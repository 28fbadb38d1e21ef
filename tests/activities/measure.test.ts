import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { explained, measure } from '../../src/activities/measure.ts';
import { systemClock } from '../../src/checks/clock.ts';
import { httpSchema } from '../../src/checks/http/http.schema.ts';
import type { Json } from '../../src/release/json.ts';
import type { PlannedRequest } from '../../src/release/plan.ts';
import { asking } from '../checks/asking.ts';

let server: Server | undefined;
afterEach(() => new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve))));

/** A shop whose n-th answer comes after `latencyMs` with `status`. */
async function shop(behave: (n: number) => { status?: number; latencyMs?: number }): Promise<Json> {
  let asked = 0;
  server = createServer((_request, response) => {
    asked += 1;
    const { status = 200, latencyMs = 0 } = behave(asked);
    setTimeout(() => response.writeHead(status).end('[]'), latencyMs);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return httpSchema.parse({ url: `http://127.0.0.1:${port}/products` }) as Json;
}

function request(spec: Json, samples = 40): PlannedRequest {
  return {
    name: 'list products',
    spec,
    samples,
    everyMs: 10,
    criteria: [
      { name: 'p95', measure: 'p95', rollBackAbove: 2_000, consultAbove: 700 },
      { name: 'errors', measure: 'errors', rollBackAbove: 5, consultAbove: null },
    ],
  };
}

const verdicts = async (spec: Json, samples?: number) => {
  const collected = await measure(request(spec, samples), { asking: asking(spec), before: null }, systemClock);
  return Object.fromEntries(explained(collected).map((judgement) => [judgement.criterion, judgement]));
};

describe('performance', () => {
  test('a shop that is too slow is to be rolled back', async () => {
    const judged = await verdicts(await shop(() => ({ latencyMs: 2_500 })));
    expect(judged.p95).toMatchObject({ verdict: 'roll back', limit: 2_000, unit: 'ms' });
    expect(judged.p95?.value).toBeGreaterThanOrEqual(2_495);
  });

  test('a shop that is a little slow is a question', async () => {
    const judged = await verdicts(await shop((n) => ({ latencyMs: n % 5 === 0 ? 1_000 : 0 })));
    expect(judged.p95).toMatchObject({ verdict: 'consult', limit: 700, n: 40 });
    expect(judged.errors).toMatchObject({ verdict: 'proceed' });
  });

  test('a shop that answers with errors is to be rolled back, and it says with which', async () => {
    const judged = await verdicts(await shop((n) => ({ status: n % 4 === 0 ? 503 : 200 })));
    expect(judged.errors).toMatchObject({ verdict: 'roll back', unit: '%' });
    expect(judged.errors?.explanation).toContain('last: status is 503, expected 2xx');
  });

  test('a fast shop goes on', async () => {
    const judged = await verdicts(await shop(() => ({})));
    expect(judged).toMatchObject({ p95: { verdict: 'proceed', n: 40 }, errors: { verdict: 'proceed', value: 0 } });
  });

  test('an address that cannot be reached from here is unknown', async () => {
    const spec = httpSchema.parse({ url: 'http://no-such-host.invalid/' }) as Json;
    expect(await verdicts(spec, 5)).toMatchObject({
      p95: { verdict: 'unknown' },
      errors: { verdict: 'unknown', n: 0 },
    });
  });
});
