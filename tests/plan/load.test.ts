import { describe, expect, it } from 'vitest';
import { load, loaded, said, shop } from './plans.ts';

const url = 'http://127.0.0.1:8080/products';
const good = `rate: 50/s, for: 1m, requests: [{ url: "${url}" }], p95: { rollBack: 500ms }`;

function plan(fields: string): string {
  return `${shop}performance:\n  load:\n    - { name: ten users, ${fields} }\n`;
}

async function refused(fields: string): Promise<string> {
  return said(await load(plan(fields))).join('\n');
}

describe('a load in a plan', () => {
  it('is one measurement of the step performance, with its own patience', async () => {
    const { plan: normalised } = await loaded(plan(good));
    const step = normalised.steps.find(({ activity }) => activity === 'performance');
    expect(step?.measurements).toMatchObject([
      {
        name: 'ten users',
        kind: 'load',
        spec: { rate: 50, for: 60_000, warmUp: 10_000, timeout: 10_000, writes: false },
      },
    ]);
    expect(step?.patienceMs).toBeGreaterThan(80_000);
  });

  it.each([
    ['600/m', 10],
    ['2.5 / s', 2.5],
    ['7200/h', 2],
  ])('may be asked for as %s', async (written, perSecond) => {
    const { plan: normalised } = await loaded(plan(good.replace('50/s', `"${written}"`)));
    const [measurement] = normalised.steps.flatMap(({ measurements = [] }) => measurements);
    expect(measurement?.spec).toMatchObject({ rate: perSecond });
  });

  it.each([
    [
      'neither rate nor users',
      good.replace('rate: 50/s, ', ''),
      'rate: is missing (must be given, or users instead, and not both)',
    ],
    ['both', `${good}, users: 10`, 'rate: must be given, or users instead, and not both'],
    ['a rate without a time', good.replace('50/s', '50'), 'rate: must be a rate such as 50/s, 600/m or 2000/h'],
    ['a rate of nothing', good.replace('50/s', '0/s'), 'rate: must be a rate such as 50/s'],
    ['a rate in another unit', good.replace('50/s', '50 rps'), 'rate: must be a rate such as 50/s'],
    ['thinking at a rate', `${good}, think: 1s`, 'think: is for users; a rate waits for nobody'],
    ['a bound for users', good.replace('rate: 50/s', 'users: 10, maxInFlight: 5'), 'maxInFlight: is for a rate'],
    ['no requests', good.replace(/requests: \[.*\]/, 'requests: []'), 'requests: must hold at least one request'],
    ['nothing that judges', good.replace(/, p95.*$/, ''), 'nothing judges this load'],
    ['time-outs in seconds', `${good}, timeouts: { rollBack: 3s }`, 'must be a percentage such as 5 % or 0.1 %'],
    ['time-outs without a limit', `${good}, timeouts: {}`, 'must name consult, rollBack or both'],
    [
      'time-outs that ask too late',
      `${good}, timeouts: { consult: 5 %, rollBack: 1 % }`,
      'must be lower than rollBack',
    ],
    [
      'a percentile of few requests',
      good.replace('50/s, for: 1m', '10/m, for: 1m'),
      'p95 of 10 samples is the slowest of them, so one slow answer decides',
    ],
    [
      'a comparison of few requests',
      `${good.replace('50/s, for: 1m', '1/s, for: 1m')}, baseline: { p95: { rollBack: 50 % } }`,
      '60 samples of p95 cannot be told from those of the version before',
    ],
    ['half a request', good.replace('" }]', '", weight: 0.5 }]'), 'weight: must be a whole number'],
    ['a time for one request', good.replace('" }]', '", timeout: 1s }]'), 'timeout'],
    [
      'two bodies',
      good.replace('" }]', '", json: {}, body: x }]'),
      'body: must not be given together with json or form',
    ],
  ])('is refused with %s', async (_what, fields, message) => {
    expect(await refused(fields)).toContain(message);
  });

  it('writes only where it says so', async () => {
    const writing = good.replace('" }]', '", method: POST, json: { id: 1 } }]');
    expect(await refused(writing)).toContain(
      'requests[0].method: POST writes: a load writes only where it says writes: true',
    );
    await loaded(plan(`${writing}, writes: true`));
    await loaded(plan(good.replace('" }]', '", method: HEAD }]')));
  });
});
