/**
 * The IAM actions that each request of the SDK needs, by client package and command (Service Authorization Reference).
 * A test holds it against the source: a request that is not listed here, or whose actions a policy does not allow, fails it.
 */
export const requestActions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'client-application-auto-scaling': {
    DescribeScalableTargets: ['application-autoscaling:DescribeScalableTargets'],
    RegisterScalableTarget: ['application-autoscaling:RegisterScalableTarget'],
  },
  'client-cloudfront': {
    CreateInvalidation: ['cloudfront:CreateInvalidation'],
    GetDistribution: ['cloudfront:GetDistribution'],
    GetInvalidation: ['cloudfront:GetInvalidation'],
    ListInvalidations: ['cloudfront:ListInvalidations'],
  },
  'client-cloudwatch': {
    DescribeAlarms: ['cloudwatch:DescribeAlarms'],
    GetMetricData: ['cloudwatch:GetMetricData'],
  },
  'client-cloudwatch-logs': {
    DescribeLogGroups: ['logs:DescribeLogGroups'],
    FilterLogEvents: ['logs:FilterLogEvents'],
    GetLogEvents: ['logs:GetLogEvents'],
  },
  'client-ecr': {
    BatchGetImage: ['ecr:BatchGetImage'],
    DescribeImages: ['ecr:DescribeImages'],
    DescribeRepositories: ['ecr:DescribeRepositories'],
    GetAuthorizationToken: ['ecr:GetAuthorizationToken'],
    GetLifecyclePolicy: ['ecr:GetLifecyclePolicy'],
  },
  'client-ecs': {
    DescribeContainerInstances: ['ecs:DescribeContainerInstances'],
    DescribeServices: ['ecs:DescribeServices'],
    DescribeTaskDefinition: ['ecs:DescribeTaskDefinition'],
    DescribeTasks: ['ecs:DescribeTasks'],
    ListContainerInstances: ['ecs:ListContainerInstances'],
    ListServiceDeployments: ['ecs:ListServiceDeployments'],
    ListTaskDefinitions: ['ecs:ListTaskDefinitions'],
    ListTasks: ['ecs:ListTasks'],
    RegisterTaskDefinition: ['ecs:RegisterTaskDefinition', 'ecs:TagResource', 'iam:PassRole'],
    RunTask: ['ecs:RunTask', 'ecs:TagResource', 'iam:PassRole'],
    StopTask: ['ecs:StopTask'],
    TagResource: ['ecs:TagResource'],
    UntagResource: ['ecs:UntagResource'],
    UpdateService: ['ecs:UpdateService'],
  },
  'client-rds': {
    AddRoleToDBInstance: ['rds:AddRoleToDBInstance', 'iam:PassRole'],
    AddTagsToResource: ['rds:AddTagsToResource'],
    CreateDBSnapshot: ['rds:CreateDBSnapshot', 'rds:AddTagsToResource'],
    DeleteDBInstance: ['rds:DeleteDBInstance'],
    DeleteDBSnapshot: ['rds:DeleteDBSnapshot'],
    DescribeAccountAttributes: ['rds:DescribeAccountAttributes'],
    DescribeDBInstances: ['rds:DescribeDBInstances'],
    DescribeDBProxies: ['rds:DescribeDBProxies'],
    DescribeDBProxyTargets: ['rds:DescribeDBProxyTargets'],
    DescribeDBSnapshots: ['rds:DescribeDBSnapshots'],
    ModifyDBInstance: ['rds:ModifyDBInstance', 'iam:PassRole'],
    RebootDBInstance: ['rds:RebootDBInstance'],
    RestoreDBInstanceFromDBSnapshot: [
      'rds:RestoreDBInstanceFromDBSnapshot',
      'rds:AddTagsToResource',
      'kms:CreateGrant',
    ],
    RestoreDBInstanceToPointInTime: ['rds:RestoreDBInstanceToPointInTime', 'rds:AddTagsToResource', 'kms:CreateGrant'],
  },
  'client-s3': {
    // A copy reads one version and writes a new one (S3 API reference, CopyObject).
    CopyObject: ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject'],
    DeleteObject: ['s3:DeleteObject'],
    GetBucketLifecycleConfiguration: ['s3:GetLifecycleConfiguration'],
    GetBucketVersioning: ['s3:GetBucketVersioning'],
    GetObject: ['s3:GetObject', 's3:GetObjectVersion'],
    GetObjectAcl: ['s3:GetObjectAcl'],
    HeadObject: ['s3:GetObject', 's3:GetObjectVersion', 's3:ListBucket'],
    ListObjectVersions: ['s3:ListBucketVersions'],
    PutObject: ['s3:PutObject'],
  },
  'client-secrets-manager': {
    GetSecretValue: ['secretsmanager:GetSecretValue'],
  },
  'client-ssm': {
    GetParameter: ['ssm:GetParameter'],
  },
  'client-sts': {
    // Whoever asks who they are needs no permission (STS API reference, GetCallerIdentity).
    GetCallerIdentity: [],
  },
};

const reference = 'https://docs.aws.amazon.com/service-authorization/latest/reference';

/** Pages of the Service Authorization Reference, by the prefix of their actions. */
const pages: Readonly<Record<string, string>> = {
  'application-autoscaling': 'list_awsapplicationautoscaling.html',
  cloudfront: 'list_amazoncloudfront.html',
  cloudwatch: 'list_amazoncloudwatch.html',
  ecr: 'list_amazonelasticcontainerregistry.html',
  ecs: 'list_amazonelasticcontainerservice.html',
  iam: 'list_awsidentityandaccessmanagementiam.html',
  kms: 'list_awskeymanagementservice.html',
  logs: 'list_amazoncloudwatchlogs.html',
  rds: 'list_amazonrds.html',
  s3: 'list_amazons3.html',
  secretsmanager: 'list_awssecretsmanager.html',
  ssm: 'list_awssystemsmanager.html',
};

/** Where AWS says what this action is, and on what it can be allowed. */
export function sourceOf(action: string): string {
  const page = pages[action.split(':')[0] ?? ''];
  if (page === undefined) throw new TypeError(`no page is known for ${action}`);
  return `${reference}/${page}`;
}
