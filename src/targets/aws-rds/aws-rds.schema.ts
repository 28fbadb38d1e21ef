import { z } from 'zod';
import { awsFields } from '../../aws/place.schema.ts';
import { command, duration, flag, text } from '../../plan/words.schema.ts';
import type { KindTraits } from '../../release/target.ts';
import { acceptedField, changeFields } from '../postgres/postgres.schema.ts';

const taskSchema = z.strictObject({
  cluster: text.describe('Name or ARN of the ECS cluster'),
  taskDefinition: text.describe('Family, family:revision or ARN. Its own environment and secrets lead to the database'),
  image: text
    .nullable()
    .default(null)
    .describe('Image of the new version, with its tag or digest. Default: the one of the task definition'),
  container: text.nullable().default(null).describe('Container that runs the command. Default: the only essential one'),
  command: command.describe('What it runs, e.g. [npm, run, migrate]'),
  launchType: z
    .enum(['FARGATE', 'EC2', 'EXTERNAL'], { error: 'must be FARGATE, EC2 or EXTERNAL' })
    .nullable()
    .default(null)
    .describe('Default: that of the cluster'),
  subnets: z.array(text).default([]).describe('Subnets of the task, for awsvpc'),
  securityGroups: z.array(text).default([]).describe('Security groups of the task, for awsvpc'),
  publicIp: flag.default(false).describe('The task gets a public address, default false'),
});
export type TaskSpec = z.output<typeof taskSchema>;

const fields = {
  ...changeFields,
  task: taskSchema.nullable().default(null).describe('A one-off ECS task instead, usually with the new image'),
};
const oneWay = { error: 'must have one of directory: (of SQL files), command: and task:' };
type Ways = { directory: unknown; command: unknown; task: unknown };
const hasOneWay = ({ directory, command: program, task }: Ways): boolean =>
  [directory, program, task].filter((way) => way !== null).length === 1;
const seedSchema = z.strictObject(fields).refine(hasOneWay, oneWay);
const migrateSchema = z.strictObject({ ...fields, accept: acceptedField }).refine(hasOneWay, oneWay);

const savepointSchema = z
  .strictObject({
    way: z
      .enum(['snapshot', 'point-in-time'], { error: 'must be snapshot or point-in-time' })
      .default('snapshot')
      .describe(
        'snapshot: a manual snapshot of the instance; point-in-time: the automated backups of RDS, to the instant before the change',
      ),
    remindAfter: duration
      .default(2_592_000_000)
      .describe('Preflight names snapshots of releases that are older, default 30d'),
  })
  .prefault({});

const warmSchema = z.strictObject({
  tables: z
    .array(text)
    .min(1, { error: 'must name a table' })
    .describe('Tables that are read, as orders or schema.orders'),
  within: duration.default(600_000).describe('What is not read by then is left cold, default 10m'),
});

const restoreSchema = z
  .strictObject({
    warm: warmSchema
      .nullable()
      .default(null)
      .describe('Read before users come: a restored instance loads its storage when it is first read'),
    settle: duration
      .default(300_000)
      .describe('How long a restored instance may take to show a setting that was made afterwards, default 5m'),
  })
  .prefault({});

/** A PostgreSQL database on an instance of Amazon RDS. Times come out in milliseconds. */
export const awsRdsSchema = z.strictObject({
  ...awsFields,
  instance: text.describe('Identifier of the DB instance'),
  url: text.describe(
    'Connection to the database through the endpoint of the instance, usually a reference. Its role migrates, and may create and rename databases',
  ),
  database: text.nullable().default(null).describe('Name of the database, default: the one in url'),
  owner: text.nullable().default(null).describe('Owner when a first release creates it, default: the role in url'),
  savepoint: savepointSchema.describe('How it is saved before it changes'),
  restore: restoreSchema.describe('How it is brought back'),
  migrate: migrateSchema.nullable().default(null).describe('Changes the schema'),
  seed: seedSchema
    .nullable()
    .default(null)
    .describe('Adds the rows that the version needs; a file that was applied as it is now is not applied again'),
});
export type AwsRdsSpec = z.output<typeof awsRdsSchema>;

export const awsRdsTraits = {
  changes: ['migrate', 'seed'],
  stores: true,
  holds: true,
  prepares: true,
  splits: false,
  local: true,
  measures: true,
  confirms: true,
  keeps: true,
  paced: true,
} as const satisfies KindTraits;
