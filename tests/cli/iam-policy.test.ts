import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { awsRunbook, backendDefinition } from '../aws/policy-plans.ts';
import { type Ran, savepoint } from './command.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'savepoint-cli-policy-'));
  await writeFile(join(cwd, 'release.yaml'), stringify(awsRunbook));
  await writeFile(join(cwd, 'backend.json'), JSON.stringify(backendDefinition));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const run = (words: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  savepoint(['iam-policy', ...words], { cwd, env });

type Written = { Sid: string; Effect: string; Action: string | string[]; Resource: string | string[] };

function statementsIn({ stdout }: Ran): Written[] {
  const policy: { Version: string; Statement: Written[] } = JSON.parse(stdout);
  expect(policy.Version).toBe('2012-10-17');
  return policy.Statement;
}

function onResources(statements: readonly Written[], action: string): string[] {
  return statements.filter(({ Action }) => [Action].flat().includes(action)).flatMap(({ Resource }) => Resource);
}

describe('savepoint iam-policy', () => {
  it('prints a policy that IAM takes, filled with what the plan names', async () => {
    const ran = await run([]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const statements = statementsIn(ran);
    expect(statements.every(({ Effect }) => Effect === 'Allow')).toBe(true);
    // The account is in the address of the repository, roles and log group in the task definition.
    expect(onResources(statements, 'ecs:UpdateService')).toEqual([
      'arn:aws:ecs:us-east-1:123456789012:service/shop-prod/backend-service',
    ]);
    expect(statements.find(({ Sid }) => Sid === 'BackendPassRole')?.Resource).toEqual([
      'arn:aws:iam::123456789012:role/shop-backend',
      'arn:aws:iam::123456789012:role/shop-execution',
    ]);
    expect(onResources(statements, 'logs:GetLogEvents')).toEqual([
      'arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop-backend:*',
    ]);
    expect((await run(['--json'])).stdout).toBe(ran.stdout);
  });

  it('names the secrets and parameters that the plan refers to, and nothing of their content', async () => {
    const url = '${aws-secret:shop/database#url}?mode=${aws-ssm:/shop/mode:3}';
    const { targets } = awsRunbook;
    const written = { ...awsRunbook, targets: { ...targets, database: { ...targets.database, url } } };
    await writeFile(join(cwd, 'secrets.yaml'), stringify(written));
    const statements = statementsIn(await run(['secrets.yaml'], { AWS_REGION: 'eu-central-1' }));
    expect(onResources(statements, 'secretsmanager:GetSecretValue')).toEqual([
      'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-??????',
    ]);
    expect(onResources(statements, 'ssm:GetParameter')).toEqual([
      'arn:aws:ssm:eu-central-1:123456789012:parameter/shop/mode',
    ]);
  });

  it('says so where the plan does not tell the account, and takes it from the command line', async () => {
    const { database } = awsRunbook.targets;
    await writeFile(
      join(cwd, 'database.yaml'),
      stringify({ ...awsRunbook, preflight: [], targets: { database: { ...database, writers: [] } } }),
    );
    const unknown = await run(['database.yaml']);
    expect(unknown.stderr).toContain('The plan names no account, so the policy holds * in its place; --account <id>');
    expect(onResources(statementsIn(unknown), 'rds:RebootDBInstance')).toContain('arn:aws:rds:us-east-1:*:db:shop-db');
    const told = await run(['database.yaml', '--account', '210987654321']);
    expect(told.stderr).toBe('');
    expect(onResources(statementsIn(told), 'rds:RebootDBInstance')).toContain(
      'arn:aws:rds:us-east-1:210987654321:db:shop-db',
    );
    const wrong = await run(['database.yaml', '--account', 'shop']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('shop is no account id');
  });

  it('explains each line: what it is for, and where AWS describes it', async () => {
    const { stdout, code } = await run(['--explain']);
    expect(code).toBe(0);
    expect(stdout).toContain('BackendDeploy: deploys backend, holds it and brings it back\n');
    expect(stdout).toMatch(/ {2}ecs:UpdateService {2}https:\/\/docs\.aws\.amazon\.com\/service-authorization\/\S+\n/);
    expect(stdout).toContain('  where iam:PassedToService is ecs-tasks.amazonaws.com\n');
    const explained: { policy: object; actions: { sid: string; action: string; why: string; source: string }[] } =
      JSON.parse((await run(['--explain', '--json'])).stdout);
    expect(explained.policy).toHaveProperty('Statement');
    expect(explained.actions.every(({ sid, why, source }) => sid !== '' && why !== '' && source !== '')).toBe(true);
  });

  it('allows nothing for a plan that does not speak to AWS', async () => {
    const local = {
      ...awsRunbook,
      preflight: [],
      watch: undefined,
      targets: { site: { kind: 'memory', world: 'policy' } },
    };
    await writeFile(join(cwd, 'local.yaml'), stringify(local));
    const ran = await run(['local.yaml', '--account', '123456789012']);
    expect(statementsIn(ran)).toEqual([]);
    expect(ran.stderr).toContain('Nothing in this plan speaks to AWS');
  });
});
