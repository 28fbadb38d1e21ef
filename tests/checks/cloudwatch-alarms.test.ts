import {
  CloudWatchClient,
  DisableAlarmActionsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findMoto } from '../support/aws/moto.ts';
import { isMissing } from '../support/tools.ts';
import { openWatched, type Watched } from './cloudwatch-world.ts';

const moto = findMoto();
const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

const topic = 'arn:aws:sns:us-east-1:123456789012:page-on-call';

/** FR-16: > 10 5XX in 5 min. */
const errors: PutMetricAlarmCommandInput = {
  AlarmName: 'shop-5xx',
  Namespace: 'AWS/ApplicationELB',
  MetricName: 'HTTPCode_Target_5XX_Count',
  Statistic: 'Sum',
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 10,
  Period: 300,
  EvaluationPeriods: 1,
  TreatMissingData: 'notBreaching',
  AlarmActions: [topic],
};
const expected = {
  metric: 'HTTPCode_Target_5XX_Count',
  statistic: 'Sum',
  fires: { above: 10, period: '5m', for: '5m' },
  missingData: 'notBreaching',
  actions: ['page-on-call'],
  owner: 'engineer on call',
};

let watched: Watched;
let aws: CloudWatchClient;
beforeAll(async () => {
  if (skip !== undefined) return;
  watched = await openWatched();
  aws = new CloudWatchClient(watched.world.direct);
  await aws.send(new PutMetricAlarmCommand(errors));
  await watched.world.setAlarm('shop-cpu', 'OK', { threshold: 80 });
  await watched.world.setAlarm('other', 'ALARM');
});
afterEach(() => watched?.world.faults.calm());
afterAll(() => watched?.stop());

/** The state changes, and the alarm stays what it is. */
async function setState(AlarmName: string, StateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'): Promise<void> {
  await aws.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'set by a test' }));
}

const ask = (written: object) => watched.ask('cloudwatch-alarms', written);

describe.skipIf(skip !== undefined)('Alarms of CloudWatch', () => {
  it('FR-16 pass when they exist, are as the runbook says, and none fires', async () => {
    await setState('shop-5xx', 'OK');
    const answer = await ask({ alarms: { 'shop-5xx': expected, 'shop-cpu': {} } });
    expect(answer).toMatchObject({ status: 'PASS', summary: '2 alarms are as expected' });
    expect(answer.evidence).toContain('shop-5xx OK since ');
  });

  it('FR-11 fail when one fires, with its name, since when, and whose it is', async () => {
    await setState('shop-5xx', 'ALARM');
    try {
      const answer = await ask({ alarms: { 'shop-5xx': expected, 'shop-cpu': {} } });
      expect(answer.status).toBe('FAIL');
      expect(answer.summary).toMatch(
        /^alarm shop-5xx fires since \d{4}-\d\d-\d\dT[\d:]+Z \(owner: engineer on call\)$/,
      );
      expect(answer.evidence).toMatch(/^shop-5xx ALARM since .*\nshop-cpu OK/);
      expect(answer.remedy).toBeTruthy();
    } finally {
      await setState('shop-5xx', 'OK');
    }
  });

  it('cannot be judged without data, unless the plan or the preflight calls that a failure', async () => {
    await setState('shop-cpu', 'INSUFFICIENT_DATA');
    try {
      const alarms = ['shop-cpu'];
      const unknown = await ask({ alarms });
      expect(unknown).toMatchObject({
        status: 'PENDING',
        summary: expect.stringMatching(/^alarm shop-cpu has no data since /),
      });
      expect(await ask({ alarms, withoutData: 'fail' })).toMatchObject({ status: 'FAIL', summary: unknown.summary });
      expect((await ask({ alarms, withoutData: 'pass' })).status).toBe('PASS');
      // A failure is not hidden by what is unknown.
      const both = await ask({ alarms: ['shop-cpu', 'other'] });
      expect(both).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('alarm other fires') });
    } finally {
      await setState('shop-cpu', 'OK');
    }
  });

  it('fail when one is missing, whichever others there are', async () => {
    const answer = await ask({ alarms: { 'shop-5xx': {}, 'shop-memory': { owner: 'operations' } } });
    expect(answer).toMatchObject({ status: 'FAIL', summary: 'there is no alarm shop-memory (owner: operations)' });
  });

  it('fail when the threshold is another, naming both', async () => {
    await aws.send(new PutMetricAlarmCommand({ ...errors, AlarmName: 'shop-5xx-late', Threshold: 500 }));
    const answer = await ask({ alarms: { 'shop-5xx-late': expected }, state: 'any' });
    expect(answer).toMatchObject({ status: 'FAIL', summary: 'alarm shop-5xx-late fires above 500, expected above 10' });
  });

  it('fail when the right people are not told, and warn when nobody is', async () => {
    const wrong = await ask({ alarms: { 'shop-5xx': { ...expected, actions: ['mail-operations'] } } });
    expect(wrong).toMatchObject({
      status: 'FAIL',
      summary: 'alarm shop-5xx does not tell mail-operations when it fires',
    });
    const nobody = await ask({ alarms: { 'shop-cpu': { owner: 'operations' } } });
    expect(nobody).toMatchObject({
      status: 'WARN',
      summary: 'alarm shop-cpu tells nobody when it fires; its owner is operations',
    });
  });

  it('warn when their actions are disabled', async () => {
    await aws.send(new PutMetricAlarmCommand({ ...errors, AlarmName: 'shop-muted' }));
    await aws.send(new DisableAlarmActionsCommand({ AlarmNames: ['shop-muted'] }));
    const answer = await ask({ alarms: ['shop-muted'], state: 'any' });
    expect(answer).toMatchObject({
      status: 'WARN',
      summary: 'alarm shop-muted tells nobody: its actions are disabled',
    });
  });

  it('are found by the beginning of their name, and there must be one', async () => {
    await watched.world.setAlarm('site-ill', 'ALARM');
    expect(await ask({ prefix: 'site-' })).toMatchObject({
      status: 'FAIL',
      summary: expect.stringContaining('alarm site-ill fires'),
    });
    expect(await ask({ prefix: 'mobile-' })).toMatchObject({
      status: 'FAIL',
      summary: 'there is no alarm whose name begins with mobile-',
    });
  });

  it('FR-11 of a whole region pass only when none fires', async () => {
    expect(await ask({})).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('alarm other fires') });
    expect(await ask({ region: 'eu-west-1' })).toMatchObject({
      status: 'FAIL',
      summary: 'there is no alarm in this region',
    });
  });
});

describe.skipIf(skip !== undefined)('Alarms that cannot be asked', () => {
  it('are PENDING with expired credentials, and say what to renew', async () => {
    watched.world.faults.expireCredentials();
    const answer = await ask({ alarms: ['shop-5xx'] });
    expect(answer).toMatchObject({
      status: 'PENDING',
      remedy: 'renew the AWS credentials where the worker runs, then try again',
    });
    watched.world.faults.calm();
    expect((await ask({ alarms: ['shop-5xx'] })).status).toBe('PASS');
  });

  it('are PENDING when AWS throttles for longer than the patience, and asked again when it does for a moment', async () => {
    watched.world.faults.storm({ kind: 'throttled', share: 1 });
    const answer = await ask({ alarms: ['shop-5xx'], timeout: '1s' });
    expect(answer).toMatchObject({ status: 'PENDING', summary: 'AWS did not answer within 1 s' });
    watched.world.faults.calm();
    watched.world.faults.storm({ kind: 'throttled', share: 0.5, seed: 4 });
    expect((await ask({ alarms: ['shop-5xx'] })).status).toBe('PASS');
  });

  it('are PENDING when nothing answers at all', async () => {
    const answer = await ask({ alarms: ['shop-5xx'], endpoint: 'http://127.0.0.1:1', timeout: '2s' });
    expect(answer.status).toBe('PENDING');
  });

  it('end with the release that asks', async () => {
    const halted = AbortSignal.abort(new Error('halted'));
    await expect(watched.ask('cloudwatch-alarms', { alarms: ['shop-5xx'] }, halted)).rejects.toThrow('halted');
  });
});
