import { z } from 'zod';
import { awsFields } from '../../aws/place.schema.ts';
import { count, duration, environment, flag, path, pattern, text, url } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';
import { invalidationFields } from '../cloudfront/invalidation.schema.ts';
import { shellCommandSchema, sourceSchema } from '../shell/command.schema.ts';

const builtImageSchema = z.strictObject({
  repository: text.describe('ECR repository: its name, or its address without a tag'),
  tag: text.nullable().default(null).describe('Tag of this version. Default: the version that is released'),
  tags: z.array(text).default([]).describe('Further tags that move to this version, e.g. [latest]'),
  source: sourceSchema.default('.').describe('Directory, or git ref that is checked out at a fixed commit. Default: .'),
  build: shellCommandSchema
    .nullable()
    .default(null)
    .describe('Builds it, run in the source; it gets VERSION, REPOSITORY, TAG and IMAGE. Default: docker build'),
  buildArgs: environment
    .default({})
    .describe('Build-time variables such as VITE_API_URL: --build-arg of docker build, environment of `build`'),
  tool: text.default('docker').describe('Program that builds, logs in and pushes, default docker'),
  push: flag.default(true).describe('false: `build` pushes by itself, and logs in by itself'),
});

const deploySchema = z.strictObject({
  timeout: duration.default(15 * 60_000).describe('Patience until the new tasks run alone, default 15m'),
  failedTasks: count.default(3).describe('So many tasks that failed to start end the deployment, default 3'),
});

const healthSchema = z.strictObject({
  path: text.default('/health').describe('Path below `url` that answers 2xx, default /health'),
  timeout: duration.default(60_000).describe('Patience until users get the version, default 1m'),
  version: text.nullable().default(null).describe('Where its JSON answer holds the version, e.g. $.version'),
});

const logsSchema = z.strictObject({
  startLine: text.nullable().default(null).describe('Text that each new task must log, e.g. Server started'),
  errorPattern: pattern.nullable().default(null).describe('Regular expression of lines that fail the deployment'),
  within: duration.default(60_000).describe('How long to wait for the start line, default 1m: logs arrive late'),
});

/** A service of Amazon ECS that exists already, changed by rolling deployments. Times come out in milliseconds. */
export const awsEcsSchema = z.strictObject({
  ...awsFields,
  cluster: text.describe('Name or ARN of the cluster'),
  service: text.describe('Name of the service'),
  container: text.nullable().default(null).describe('Container that gets the image. Default: the only essential one'),
  image: z
    .union([text, builtImageSchema])
    .describe('Image to build and push to ECR, or one that is there: repository address with tag or digest'),
  taskDefinition: path
    .nullable()
    .default(null)
    .describe('JSON file for register-task-definition; its image is replaced. Default: the running one with the image'),
  desiredCount: count.default(1).describe('Tasks to start where none were wanted before, default 1'),
  deploy: deploySchema.prefault({}).describe('How a deployment is judged'),
  url: url.nullable().default(null).describe('Where users reach it; proves the version that they get'),
  health: healthSchema.prefault({}).describe('What is asked for at `url`'),
  logs: logsSchema.nullable().default(null).describe('What the CloudWatch logs of the new tasks must say'),
  invalidate: z
    .strictObject(invalidationFields)
    .nullable()
    .default(null)
    .describe('CloudFront cache to invalidate once the old tasks are gone, and again after a restore'),
});
export type AwsEcsSpec = z.output<typeof awsEcsSchema>;
export type BuiltImage = z.output<typeof builtImageSchema>;

export const awsEcsTraits = {
  changes: ['deploy', 'invalidate'],
  stores: false,
  holds: true,
  prepares: true,
  splits: false,
  local: true,
  confirms: true,
  keeps: true,
} as const satisfies KindTraits;
