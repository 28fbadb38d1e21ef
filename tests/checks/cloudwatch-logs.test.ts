import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findMoto } from '../support/aws/moto.ts';
import { webProgram } from '../support/aws/programs.ts';
import { isMissing } from '../support/tools.ts';
import { openWatched, type Watched } from './cloudwatch-world.ts';

const moto = findMoto();
const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

const minute = 60_000;

let watched: Watched;
let aws: CloudWatchLogsClient;
beforeAll(async () => {
  if (skip !== undefined) return;
  watched = await openWatched();
  aws = new CloudWatchLogsClient(watched.world.direct);
});
afterEach(() => watched?.world.faults.calm());
afterAll(() => watched?.stop());

type Written = [ageMs: number, message: string];

/** A log group of its own, with these lines in one stream, oldest first. */
async function logged(group: string, lines: readonly Written[]): Promise<string> {
  const names = { logGroupName: group, logStreamName: 'backend/1' };
  await aws.send(new CreateLogGroupCommand({ logGroupName: group }));
  await aws.send(new CreateLogStreamCommand(names));
  const now = Date.now();
  for (let first = 0; first < lines.length; first += 10_000) {
    const logEvents = lines.slice(first, first + 10_000).map(([age, message]) => ({ timestamp: now - age, message }));
    await aws.send(new PutLogEventsCommand({ ...names, logEvents }));
  }
  return group;
}

const ask = (written: object) => watched.ask('cloudwatch-logs', written);

const healthy: Written[] = [
  [40 * minute, 'ERROR of the version before'],
  [3 * minute, 'Server started on port 3000'],
  [minute, 'GET /health'],
];

describe.skipIf(skip !== undefined)('Logs of CloudWatch', () => {
  it('FR-07 pass with the start line and without errors, and show the line', async () => {
    const group = await logged('/ecs/healthy', healthy);
    const answer = await ask({ group, start: 'Server started on port', errors: 'ERROR' });
    expect(answer).toMatchObject({
      status: 'PASS',
      summary: '/ecs/healthy: the start line is there, no error in 2 lines',
    });
    expect(answer.evidence).toMatch(/^\d{4}-\S+Z backend\/1 Server started on port 3000$/);
  });

  it('FR-07 fail without the start line', async () => {
    const group = await logged('/ecs/never-started', [[minute, 'connecting']]);
    const answer = await ask({ group, start: { matches: '^Server started on port \\d+$' } });
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/^no line of \/ecs\/never-started says a match of .* since \S+Z; 1 lines were$/),
    });
  });

  it('FR-07 fail with error lines since then: how many, and the first few without what is secret in them', async () => {
    const lines: Written[] = [
      [20 * minute, 'ERROR long ago'],
      [4 * minute, 'ERROR login of ann@shop.example with password=hunter2 failed'],
      [3 * minute, 'ERROR is expected here: retrying'],
      [2 * minute, 'ERROR again'],
    ];
    const group = await logged('/ecs/failing', lines);
    const answer = await ask({ group, errors: ['ERROR', 'FATAL'], ignore: 'is expected here' });
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: expect.stringMatching(/^2 error lines in \/ecs\/failing since \S+Z$/),
    });
    expect(answer.evidence).toContain('ERROR login of [address] with password=[hidden] failed');
    expect(answer.evidence).toContain('ERROR again');
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|ann@/);
    expect((await ask({ group, errors: 'ERROR', ignore: 'ERROR', since: '30m' })).status).toBe('PASS');
    expect((await ask({ group, errors: 'ERROR long', since: '30m' })).status).toBe('FAIL');
  });

  it('FR-11 fail when nothing arrives any more, and say how old the newest line is', async () => {
    const group = await logged('/ecs/silent', [[12 * minute, 'the last line']]);
    const answer = await ask({ group, arriving: '5m' });
    expect(answer).toMatchObject({ status: 'FAIL', summary: 'nothing arrived in /ecs/silent for 5 min' });
    const both = await ask({ group, arriving: '5m', start: 'the last line' });
    expect(both.summary).toMatch(/^nothing arrived in \/ecs\/silent for 5 min; the newest is of \S+Z$/);
    expect((await ask({ group, arriving: '15m' })).status).toBe('PASS');
  });

  it('cannot tell errors from silence, unless the service may be silent', async () => {
    const group = await logged('/ecs/quiet', []);
    const answer = await ask({ group, errors: 'ERROR' });
    expect(answer).toMatchObject({ status: 'PENDING', summary: expect.stringContaining('errors cannot be judged') });
    expect((await ask({ group, errors: 'ERROR', quiet: true })).status).toBe('PASS');
  });

  it('FR-11 fail when lines are kept for ever or for another time than the plan says', async () => {
    const group = await logged('/ecs/kept', [[minute, 'here']]);
    expect(await ask({ group, retention: '30d' })).toMatchObject({
      status: 'FAIL',
      summary: '/ecs/kept keeps its lines for ever, expected for 30 days',
    });
    expect((await ask({ group, retention: 'forever' })).status).toBe('PASS');
    await aws.send(new PutRetentionPolicyCommand({ logGroupName: group, retentionInDays: 14 }));
    expect(await ask({ group, retention: '30d', arriving: '5m' })).toMatchObject({
      status: 'FAIL',
      summary: '/ecs/kept keeps its lines for 14 days, expected for 30 days',
    });
    expect((await ask({ group, retention: '14d' })).status).toBe('PASS');
  });

  it.each([{ start: 'up' }, { retention: '30d' }, { arriving: '5m' }])(
    'fail when there is no such group: %j',
    async (looks) => {
      const answer = await ask({ group: '/ecs/kep', ...looks });
      expect(answer).toMatchObject({ status: 'FAIL', summary: 'there is no log group /ecs/kep' });
    },
  );

  it('are read to the end, page after page', async () => {
    const lines = Array.from({ length: 10_001 }, (_, index): Written => [5 * minute - index, `GET /${index}`]);
    const group = await logged('/ecs/long', [...lines, [minute, 'ERROR at the very end']]);
    watched.world.ledger.forget();
    const answer = await ask({ group, errors: 'ERROR' });
    expect(answer).toMatchObject({ status: 'FAIL', summary: expect.stringContaining('1 error lines') });
    expect(watched.world.ledger.calls()).toEqual({ FilterLogEvents: 2 });
  });

  it('are not called good when they were not read to the end in time', async () => {
    const lines = Array.from({ length: 10_001 }, (_, index): Written => [5 * minute - index, `GET /${index}`]);
    const group = await logged('/ecs/endless', lines);
    watched.world.faults.delay('FilterLogEvents', 1_200);
    const answer = await ask({ group, errors: 'ERROR', timeout: '2s' });
    expect(answer).toMatchObject({ status: 'PENDING' });
    expect(answer.summary).toMatch(/has more lines than could be read in time: 10000 until|did not answer within 2 s/);
  });

  it('FR-07 count from the deployment on, by the clock of ECS', async () => {
    const group = '/ecs/deployed';
    await logged(group, [[10 * minute, 'ERROR of the version before']]);
    const started = webProgram({ version: '1.0.0', says: ['Server started on port 3000'] });
    const image = await watched.world.pushImage('deployed', 'v1', started);
    const options = { 'awslogs-group': group, 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'backend' };
    await watched.world.createService({
      cluster: 'shop',
      name: 'deployed',
      image: image.reference,
      container: { logConfiguration: { logDriver: 'awslogs', options } },
    });
    const service = { cluster: 'shop', name: 'deployed' };
    const written = { group, since: 'deployment', service, start: 'Server started', errors: 'ERROR' };
    expect(await ask(written)).toMatchObject({
      status: 'PASS',
      summary: expect.stringContaining('the start line is there'),
    });
    expect(await ask({ ...written, service: { ...service, name: 'unknown' } })).toMatchObject({
      status: 'PENDING',
      summary: 'the service unknown in shop has no deployment',
    });
  });

  it('are PENDING with expired credentials', async () => {
    watched.world.faults.expireCredentials();
    const answer = await ask({ group: '/ecs/healthy', errors: 'ERROR' });
    expect(answer).toMatchObject({ status: 'PENDING', remedy: expect.stringContaining('renew the AWS credentials') });
  });
});
