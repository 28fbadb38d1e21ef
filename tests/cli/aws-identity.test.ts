import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { holderOf } from '../../src/aws/identity.ts';
import { findMoto } from '../support/aws/moto.ts';
import { type AwsWorld, startAws } from '../support/aws/world.ts';
import { memoryPlan } from '../support/plans.ts';
import { isMissing } from '../support/tools.ts';
import { type Ran, savepoint } from './command.ts';

const moto = findMoto();
const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

let cwd: string;
let world: AwsWorld;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-cli-identity-'));
  const alarms = { name: 'alarms', kind: 'cloudwatch-alarms', region: 'us-east-1', prefix: 'shop-' };
  await writeFile(
    join(cwd, 'release.yaml'),
    stringify(memoryPlan({ application: 'shop', more: { preflight: [alarms] } })),
  );
  await writeFile(join(cwd, 'local.yaml'), stringify(memoryPlan({ application: 'shop' })));
  if (skip === undefined) world = await startAws();
});
afterEach(() => world?.faults.calm());
afterAll(async () => {
  await world?.stop();
  await rm(cwd, { recursive: true, force: true });
});

const run = (words: readonly string[]): Promise<Ran> =>
  savepoint(words, { cwd, env: { ...world.environment, TEMPORAL_ADDRESS: '127.0.0.1:1' } });

describe.skipIf(skip !== undefined)('Whose credentials are used', () => {
  it('is said by doctor for each place of AWS in the plan, without any key', async () => {
    const { stdout, stderr } = await run(['doctor']);
    expect(stdout).toContain(`✔ you are user moto of account ${world.account} for AWS in us-east-1\n`);
    expect(stdout + stderr).not.toContain(world.config.credentials.accessKeyId);
    expect(stdout + stderr).not.toContain(world.config.credentials.secretAccessKey);
  });

  it('is not asked for a plan without AWS', async () => {
    world.ledger.forget();
    const { stdout } = await run(['doctor', '--plan', 'local.yaml']);
    expect(stdout).not.toContain('you are');
    expect(world.ledger.calls()).toEqual({});
  });

  it('cannot be said with expired credentials: what to do is', async () => {
    world.faults.expireCredentials();
    const { stdout } = await run(['doctor']);
    expect(stdout).toContain(
      '! AWS in us-east-1 does not say who you are: asking AWS whose credentials these are: ExpiredToken',
    );
    expect(stdout).toContain('    → renew the AWS credentials where the worker runs, then try again\n');
  });

  it('may be those of a worker that may not read a secret of the plan: which one, and no value', async () => {
    const secrets = new SecretsManagerClient(world.direct);
    await secrets.send(new CreateSecretCommand({ Name: 'shop/database', SecretString: 'hunter2-of-the-database' }));
    const database = { world: '${aws-secret:shop/database}' };
    const more = { outside: ['mails through ${aws-secret:shop/none}'] };
    await writeFile(join(cwd, 'secrets.yaml'), stringify(memoryPlan({ application: 'shop', database, more })));
    const { stdout, stderr } = await run(['doctor', '--plan', 'secrets.yaml']);
    expect(stdout).toContain(
      '! no value here for ${aws-secret:shop/none}, which does not exist (ResourceNotFoundException)',
    );
    expect(stdout + stderr).not.toContain('hunter2');
  });

  it('fills the account into a policy with --ask', async () => {
    const ran = await run(['iam-policy', '--ask']);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain(`AWS says: account ${world.account}, user moto.\n`);
    expect(JSON.parse(ran.stdout)).toMatchObject({ Statement: [{ Action: 'cloudwatch:DescribeAlarms' }] });
  });
});

it.each([
  ['arn:aws:sts::123456789012:assumed-role/savepoint-worker/i-0abc', 'role savepoint-worker'],
  ['arn:aws:iam::123456789012:user/teams/deploy', 'user deploy'],
  ['arn:aws-cn:iam::123456789012:root', 'root user'],
])('of %s people read: %s', (arn, who) => {
  expect(holderOf(arn).who).toBe(who);
});
