import type { Call } from '../../release/target.ts';
import type { PostgresSpec, Runner } from '../postgres/postgres.schema.ts';
import type { AwsRdsSpec, TaskSpec } from './aws-rds.schema.ts';

/** Where a server listens, as RDS describes it. */
export type Endpoint = { address: string; port: number };

/** Leads to another instance with the same role, database and settings of the connection. Empty when `url` is none. */
export function urlAt(url: string, { address, port }: Endpoint): string {
  if (!URL.canParse(url)) return url;
  const there = new URL(url);
  there.hostname = address;
  there.port = String(port);
  return there.href;
}

/**
 * The same call for the database alone, as the kind `postgres` knows it. `at`: on another instance; left out: through
 * the name that users go by. Copies are made by template, and only on a restored instance.
 */
export function databaseCall(call: Call<AwsRdsSpec>, at: Endpoint | null = null): Call<PostgresSpec> {
  const { url, database, owner } = call.spec;
  const migrate = changeOf(call, 'migrate', call.spec.migrate);
  const seed = changeOf(call, 'seed', call.spec.seed);
  const savepoint: PostgresSpec['savepoint'] = { by: 'template', maxHold: 10_000, directory: '.', tools: null };
  return { ...call, spec: { url: at === null ? url : urlAt(url, at), database, owner, savepoint, migrate, seed } };
}

type Change = { task: TaskSpec | null; command: string[] | null };

/** A task is a command that somebody else runs; its words are pinned like those of any command. */
function changeOf<C extends Change>(
  call: Call<AwsRdsSpec>,
  name: string,
  change: C | null,
): (Omit<C, 'task'> & { runner?: Runner }) | null {
  if (change === null) return null;
  const { task, ...rest } = change;
  if (task === null) return rest;
  const command = ['ecs', 'run-task', task.cluster, task.taskDefinition, task.image ?? '', ...task.command];
  const runner: Runner = async (order, signal) => {
    const { runTask } = await import('./tasks.ts');
    return await runTask({ call, name, task, ...order }, signal);
  };
  return { ...rest, command, runner };
}
