import { arn, type Ground, type Need } from './statement.ts';

/** The values that a plan refers to, by kind of reference: names of secrets and of parameters. */
export type Referred = { secrets: readonly string[]; parameters: readonly string[] };

/** What resolving them needs. `ground`: where references are looked up, which a plan does not say. */
export function referenceStatements({ secrets, parameters }: Referred, ground: Ground): Need[] {
  const statements: Need[] = [
    {
      of: [],
      purpose: 'Secrets',
      actions: ['secretsmanager:GetSecretValue'],
      resources: secrets.map((name) => secretArn(name, ground)),
      why: 'reads the secrets that the plan refers to; AWS appends six characters to their names',
    },
    {
      of: [],
      purpose: 'Parameters',
      actions: ['ssm:GetParameter'],
      resources: parameters.map((name) =>
        isArn(name) ? name : arn('ssm', `parameter/${name.replace(/^\//, '')}`, ground),
      ),
      why: 'reads the parameters that the plan refers to',
    },
    {
      of: [],
      purpose: 'SecretKeys',
      actions: ['kms:Decrypt'],
      resources: secrets.length + parameters.length > 0 ? [arn('kms', 'key/*', ground)] : [],
      condition: { StringLike: { 'kms:ViaService': via(ground) } },
      why: 'decrypts them where they are encrypted with a key of yours; write it instead of key/*, or leave this out',
    },
  ];
  return statements.filter(({ resources }) => resources.length > 0);
}

/** An ARN may be given whole, or without those characters. */
function secretArn(name: string, ground: Ground): string {
  if (!isArn(name)) return arn('secretsmanager', `secret:${name}-??????`, ground);
  return /-[A-Za-z0-9]{6}$/.test(name) ? name : `${name}-??????`;
}

/** Both services have names that end alike in their region. */
function via({ region }: Ground): string {
  return `*.${region}.amazonaws.com`;
}

function isArn(name: string): boolean {
  return name.startsWith('arn:');
}
