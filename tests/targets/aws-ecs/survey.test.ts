import { ECRClient, PutLifecyclePolicyCommand } from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/release/target.ts';
import type { AwsEcsSpec } from '../../../src/targets/aws-ecs/aws-ecs.schema.ts';
import { awsEcs } from '../../../src/targets/aws-ecs/aws-ecs.ts';
import { limitFindings } from '../../../src/targets/aws-ecs/survey-deployment.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { isMissing } from '../../support/tools.ts';
import { type EcsWorld, type OpenAws, openAws } from './world.ts';

const moto = findMoto();

describe.skipIf(isMissing(moto))('a survey of a service of ECS', () => {
  let open: OpenAws;
  beforeAll(async () => {
    open = await openAws();
  }, 60_000);
  afterAll(() => open?.close(), 60_000);

  const survey = (world: EcsWorld, spec: AwsEcsSpec = world.specOf()) => awsEcs.survey(world.call('survey', { spec }));
  const of = (findings: Finding[], status: string) =>
    findings.filter((one) => one.status === status).map(({ what }) => what);

  it('passes a healthy service, and identifies what runs by revision and bytes', async () => {
    const world = await open.serviceOf();
    const { findings, running } = await survey(world);
    expect([of(findings, 'FAIL'), of(findings, 'WARN')]).toEqual([[], []]);
    expect(running).toBe(`${world.name}:1, app ${world.first.digest.slice(7, 19)}`);
    expect(of(findings, 'PASS')).toContain('2 of 2 tasks run, all on the same image');
  }, 60_000);

  it('sees that somebody moved the tag and started the tasks anew', async () => {
    const world = await open.serviceOf({ count: 1 });
    const before = await survey(world);
    const moved = await world.push('v1', { version: 'other' });
    await world.update({ forceNewDeployment: true });
    await expect.poll(() => world.digests(), { timeout: 20_000 }).toEqual([moved.digest]);
    expect((await survey(world)).running).not.toBe(before.running);
  }, 60_000);

  it('FR-06 refuses where a lifecycle rule removes the previous image while it may be needed', async () => {
    const world = await open.serviceOf({ count: 1 });
    const rules = [
      {
        rulePriority: 1,
        description: 'only the newest',
        selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 },
        action: { type: 'expire' },
      },
    ];
    await new ECRClient(open.aws.direct).send(
      new PutLifecyclePolicyCommand({ repositoryName: world.name, lifecyclePolicyText: JSON.stringify({ rules }) }),
    );
    const { findings } = await survey(world);
    expect(of(findings, 'FAIL')).toEqual([expect.stringContaining('rule 1 (only the newest) of the lifecycle policy')]);
  }, 60_000);

  it('refuses a service that is controlled by something else, and one under way', async () => {
    const other = await open.serviceOf({ count: 0, service: { deploymentController: { type: 'EXTERNAL' } } });
    expect(of((await survey(other)).findings, 'FAIL')).toEqual([expect.stringContaining('controlled by EXTERNAL')]);
    const world = await open.serviceOf({ count: 1 });
    await world.push('v1', { version: 'other', startsInMs: 5_000 });
    await world.update({ forceNewDeployment: true });
    expect(of((await survey(world)).findings, 'FAIL')).toContain(`a deployment of ${world.name}:1 is under way`);
  }, 60_000);

  it('warns of an alarm that fires already, since ECS ignores it for the whole deployment', async () => {
    const alarms = { alarmNames: ['errors', 'latency'], enable: true, rollback: true };
    const world = await open.serviceOf({ count: 1, service: { deploymentConfiguration: { alarms } } });
    await open.aws.setAlarm('errors', 'ALARM');
    await open.aws.setAlarm('latency', 'OK');
    expect(of((await survey(world)).findings, 'WARN')).toEqual([
      'errors fires already: ECS ignores it for the whole deployment',
    ]);
  }, 60_000);

  it('asks which container gets the image where there are several', async () => {
    const world = await open.serviceOf({ count: 1 });
    await expect(survey(world, world.specOf({ container: 'web' }))).rejects.toMatchObject({
      kind: 'invalid-input',
      details: { remedy: expect.stringContaining('app') },
    });
  }, 60_000);
});

describe('the limits of a rolling deployment', () => {
  it('refuse where no task can ever be replaced', () => {
    const limits = (maximumPercent: number, minimumHealthyPercent: number, desiredCount = 2) =>
      limitFindings({ desiredCount, deploymentConfiguration: { maximumPercent, minimumHealthyPercent } }).map(
        ({ status }) => status,
      );
    expect(limits(100, 100)).toEqual(['FAIL']);
    expect(limits(150, 50)).toEqual([]);
    expect(limits(150, 50, 1)).toEqual(['FAIL']);
    expect(limits(200, 100)).toEqual([]);
    expect(limits(100, 0)).toEqual([]);
  });
});
