import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadPlan } from '../../src/plan/load.ts';
import { formatProblem } from '../../src/plan/problem.ts';
import type { Plan } from '../../src/release/plan.ts';

/** A runbook on AWS with everything in it that Savepoint can ask AWS for. */
export const awsRunbook = {
  application: 'shop',
  environment: 'production',
  people: { 'product-owner': { name: 'Product owner' } },
  gates: { 'go-no-go': { deciders: ['product-owner'], needs: 1 } },
  preflight: [
    { name: 'alarms', kind: 'cloudwatch-alarms', region: 'us-east-1', prefix: 'shop-' },
    {
      name: 'log',
      kind: 'cloudwatch-logs',
      region: 'us-east-1',
      group: '/ecs/shop-backend',
      arriving: '5m',
      retention: '30d',
    },
  ],
  targets: {
    database: {
      kind: 'aws-rds',
      region: 'us-east-1',
      instance: 'shop-db',
      url: '${env:DATABASE_URL}',
      writers: ['backend'],
      migrate: { command: ['npm', 'run', 'migrate'], files: ['package.json'] },
      compatibility: 'backward',
    },
    backend: {
      kind: 'aws-ecs',
      region: 'us-east-1',
      cluster: 'shop-prod',
      service: 'backend-service',
      image: { repository: '123456789012.dkr.ecr.us-east-1.amazonaws.com/shop-backend', source: './backend' },
      taskDefinition: 'backend.json',
      logs: [
        {
          name: 'start line',
          kind: 'cloudwatch-logs',
          region: 'us-east-1',
          group: '/ecs/shop-backend',
          since: 'deployment',
          service: { cluster: 'shop-prod', name: 'backend-service' },
          start: 'Server started',
          errors: 'ERROR',
        },
      ],
    },
    'front-end': {
      kind: 's3-site',
      region: 'us-east-1',
      bucket: 'shop-site',
      prefix: 'site/',
      root: './run/site',
      source: './site',
      invalidate: { distribution: 'E2QWRUHEXAMPLE' },
    },
  },
  smoke: [{ name: 'page', kind: 'http', url: 'https://shop.example/', repeatable: true }],
  watch: {
    schedule: [{ every: '15m', for: '4h' }],
    throughout: {
      checks: [
        {
          name: 'cpu',
          kind: 'cloudwatch-metric',
          region: 'us-east-1',
          namespace: 'AWS/RDS',
          metric: 'CPUUtilization',
          dimensions: { DBInstanceIdentifier: 'shop-db' },
          fails: { above: 80, for: '10m' },
        },
      ],
    },
  },
};

/** What register-task-definition would get. */
export const backendDefinition = {
  family: 'shop-backend',
  executionRoleArn: 'arn:aws:iam::123456789012:role/shop-execution',
  taskRoleArn: 'arn:aws:iam::123456789012:role/shop-backend',
  containerDefinitions: [
    {
      name: 'backend',
      image: 'replaced',
      logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/shop-backend' } },
    },
  ],
};

/** Loads a plan as the command line does. */
export async function planOf(written: object): Promise<Plan> {
  const directory = await mkdtemp(join(tmpdir(), 'savepoint-policy-'));
  try {
    const file = join(directory, 'release.yaml');
    await writeFile(file, stringify(written));
    const loaded = await loadPlan(file, 'v2', { host: 'here', checkFiles: false });
    if ('problems' in loaded) throw new Error(loaded.problems.map(formatProblem).join('\n'));
    return loaded.plan;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The same, with a migration that runs as a one-off task. */
export const migratedByTask = {
  ...awsRunbook,
  targets: {
    ...awsRunbook.targets,
    database: {
      ...awsRunbook.targets.database,
      migrate: { task: { cluster: 'shop-prod', taskDefinition: 'shop-backend', command: ['npm', 'run', 'migrate'] } },
    },
  },
};
