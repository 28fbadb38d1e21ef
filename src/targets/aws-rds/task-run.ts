import type { Call } from '../../release/target.ts';
import type { AwsRdsSpec, TaskSpec } from './aws-rds.schema.ts';

/** `name`: of the change, such as `migrate`. Only what is no secret in `env` reaches the task: ECS shows it to many. */
export type TaskRun = {
  call: Call<AwsRdsSpec>;
  name: string;
  task: TaskSpec;
  env: Record<string, string>;
  timeoutMs: number;
};
