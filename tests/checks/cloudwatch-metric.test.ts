import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cloudwatchMetricSchema } from '../../src/checks/cloudwatch/cloudwatch-metric.schema.ts';
import { requestFor } from '../../src/checks/cloudwatch/cloudwatch-metric.ts';
import { findMoto } from '../support/aws/moto.ts';
import { isMissing } from '../support/tools.ts';
import { openWatched, type Watched } from './cloudwatch-world.ts';

const moto = findMoto();
const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

const minute = 60_000;

let watched: Watched;
beforeAll(async () => {
  if (skip === undefined) watched = await openWatched();
});
afterEach(() => watched?.world.faults.calm());
afterAll(() => watched?.stop());

/** One value for each minute, the newest of the minute that has just ended; null: none. Every metric has a name of its own. */
async function record(name: string, values: readonly (number | null)[]): Promise<void> {
  const newest = Math.floor(Date.now() / minute) * minute - minute;
  for (const [index, value] of values.toReversed().entries()) {
    if (value === null) continue;
    const dimensions = { DBInstanceIdentifier: 'shop-db' };
    await watched.world.putMetric({
      namespace: 'AWS/RDS',
      name,
      value,
      dimensions,
      at: newest - index * minute + 1000,
    });
  }
}

const ask = (metric: string, more: object) =>
  watched.ask('cloudwatch-metric', {
    namespace: 'AWS/RDS',
    metric,
    dimensions: { DBInstanceIdentifier: 'shop-db' },
    ...more,
  });

describe.skipIf(skip !== undefined)('A metric of CloudWatch', () => {
  it('FR-16 fails when it is beyond its limit for as long as the runbook says', async () => {
    await record(
      'CpuHigh',
      Array.from({ length: 10 }, (_, index) => 81 + index),
    );
    const answer = await ask('CpuHigh', { fails: { above: 80, for: '10m' } });
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: 'CpuHigh (Average of 1 min) is above 80 for 10 min: 90 now',
    });
    expect(answer.evidence).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z 81\n/);
  });

  it('passes when one minute of them was good', async () => {
    await record('CpuBusy', [95, 95, 95, 95, 70, 95, 95, 95, 95, 95]);
    const answer = await ask('CpuBusy', { fails: { above: 80, for: '10m' } });
    expect(answer).toMatchObject({
      status: 'PASS',
      summary: 'CpuBusy (Average of 1 min) is 95, bad is above 80 for 10 min',
    });
  });

  it('warns before it fails', async () => {
    await record('CpuWarm', [75, 76]);
    const answer = await ask('CpuWarm', { fails: { above: 80 }, warns: { atLeast: 70, for: '2m' } });
    expect(answer).toMatchObject({ status: 'WARN', summary: expect.stringContaining('is at least 70 for 2 min') });
  });

  it('adds up what a period holds', async () => {
    await record('Errors', [4, 4, 4]);
    const summed = { statistic: 'Sum', period: '1m' };
    expect((await ask('Errors', { ...summed, fails: { above: 3 } })).status).toBe('FAIL');
    expect((await ask('Errors', { ...summed, fails: { above: 4 } })).status).toBe('PASS');
  });

  it('cannot be judged without data: PENDING, never good', async () => {
    const answer = await ask('NeverWritten', { fails: { above: 80 } });
    expect(answer).toMatchObject({ status: 'PENDING', summary: expect.stringContaining('too few values') });
    expect(answer.remedy).toContain('dimensions');
    await record('MostlySilent', [90, null, null, null, null, null, null, null]);
    expect((await ask('MostlySilent', { fails: { above: 80, for: '8m' } })).status).toBe('PENDING');
  });

  it('takes silence for zero where the plan says so, as load balancers write errors only when there are any', async () => {
    const answer = await ask('NoErrors', { statistic: 'Sum', missing: 'zero', fails: { above: 10 } });
    expect(answer).toMatchObject({ status: 'PASS', summary: expect.stringContaining('is 0') });
  });

  it('FR-12 is judged as a share of another one, and only where that is large enough', async () => {
    const rate = (whole: string, more: object = {}) => ({
      ...{ percentOf: whole, statistic: 'Sum', missing: 'zero', fails: { above: 10, for: '3m' } },
      ...more,
    });
    await record('Requests', [100, 200, 100]);
    await record('Failed', [11, 30, 20]);
    expect(await ask('Failed', rate('Requests'))).toMatchObject({
      status: 'FAIL',
      summary: 'Failed in per cent of Requests (Sum of 1 min) is above 10 for 3 min: 20 now',
    });
    await record('FewFailed', [11, 5, 20]);
    expect((await ask('FewFailed', rate('Requests'))).status).toBe('PASS');
    // No request failed, so nothing was written of failures; that is good where there were requests, and else unknown.
    expect(await ask('NeverFailed', rate('Requests'))).toMatchObject({
      status: 'PASS',
      summary: expect.stringContaining('is 0'),
    });
    expect((await ask('NeverFailed', rate('NoRequests'))).status).toBe('PENDING');
    await record('NightRequests', [3, 2, 1]);
    await record('NightFailed', [1, 2, 1]);
    expect((await ask('NightFailed', rate('NightRequests'))).status).toBe('PENDING');
    expect((await ask('NightFailed', rate('NightRequests', { minimum: 1 }))).status).toBe('FAIL');
  });

  it('judges the newest minute that has arrived', async () => {
    await record('Late', [90, 91, null]);
    expect(await ask('Late', { fails: { above: 80, for: '2m' } })).toMatchObject({ status: 'FAIL' });
  });

  it('is another one with other dimensions', async () => {
    await record('PerInstance', [90]);
    const answer = await ask('PerInstance', { dimensions: { DBInstanceIdentifier: 'other' }, fails: { above: 80 } });
    expect(answer.status).toBe('PENDING');
  });

  it('is PENDING with expired credentials', async () => {
    watched.world.faults.expireCredentials();
    const answer = await ask('CpuHigh', { fails: { above: 80 } });
    expect(answer).toMatchObject({ status: 'PENDING', remedy: expect.stringContaining('renew the AWS credentials') });
  });

  it('is read through answers that AWS refuses for a while', async () => {
    await record('Stormy', [90]);
    watched.world.faults.storm({ kind: 'server-error', share: 0.3, seed: 7 });
    watched.world.faults.storm({ kind: 'throttled', share: 0.3, seed: 8 });
    expect((await ask('Stormy', { fails: { above: 80 } })).status).toBe('FAIL');
  });
});

it('asks for exactly the periods that it judges', () => {
  const spec = cloudwatchMetricSchema.parse({
    namespace: 'AWS/RDS',
    metric: 'CPUUtilization',
    dimensions: { DBInstanceIdentifier: 'shop-db' },
    statistic: 'p95',
    period: '5m',
    fails: { above: 80, for: '10m' },
  });
  const fromMs = Date.parse('2026-11-21T02:00:00Z');
  expect(requestFor(spec, { fromMs, periods: 4 })).toEqual({
    MetricDataQueries: [
      {
        Id: 'asked',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/RDS',
            MetricName: 'CPUUtilization',
            Dimensions: [{ Name: 'DBInstanceIdentifier', Value: 'shop-db' }],
          },
          Period: 300,
          Stat: 'p95',
        },
        ReturnData: true,
      },
    ],
    StartTime: new Date('2026-11-21T02:00:00Z'),
    EndTime: new Date('2026-11-21T02:20:00Z'),
    ScanBy: 'TimestampAscending',
  });
});
