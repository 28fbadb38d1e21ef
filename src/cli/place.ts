import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ReleaseClient } from '../client.ts';
import { UsageError } from './failing.ts';
import type { Io } from './io.ts';
import type { People } from './who.ts';

export const defaultPlanFile = 'release.yaml';

/** Options of every verb that speaks about one release. */
export type PlaceOptions = { plan?: string; application?: string; environment?: string; run?: string };

/** Which release is meant, and the people that its plan names as far as that file is here. */
export type ReleasePlace = { workflowId: string; runId: string | undefined; people: People };

export function withPlace(command: Command): Command {
  return command
    .argument('[release]', 'workflow id, such as release/shop/production; default: the one of the plan')
    .option('--plan <file>', `plan file (default: ./${defaultPlanFile})`)
    .option('--application <name>', 'instead of a plan file, with --environment')
    .option('--environment <name>', 'instead of a plan file, with --application')
    .option('--run <id>', 'one run of this release (default: the newest)');
}

/** From the argument, else `--application` and `--environment`, else the plan file. */
export async function releasePlace(io: Io, release: string | undefined, options: PlaceOptions): Promise<ReleasePlace> {
  const { releaseIdOf } = await import('../client.ts');
  const runId = options.run;
  const written = await writtenPlan(io, options.plan);
  const people = written?.people ?? {};
  if (release !== undefined) return { workflowId: release, runId, people };
  const application = options.application ?? written?.application;
  const environment = options.environment ?? written?.environment;
  if (application !== undefined && environment !== undefined) {
    return { workflowId: releaseIdOf(application, environment), runId, people };
  }
  const missing = application === undefined ? 'application' : 'environment';
  throw new UsageError(
    `it is not clear which release is meant: the ${missing} is not known and there is no ${defaultPlanFile} here`,
    'Name it, such as release/shop/production, or use --plan, or --application with --environment.',
  );
}

/** What a plan file says about whose release it is, without judging the rest of it. */
export type WrittenPlan = {
  application?: string;
  environment?: string;
  records?: string;
  people: People;
  /** What its checks of kind `attest` ask for, as written, and the names of its suite's checks. */
  statements: string[];
};

/** Null when no plan was named and there is none in the working directory. */
export async function writtenPlan(io: Io, given: string | undefined): Promise<WrittenPlan | null> {
  const file = resolve(io.cwd, given ?? defaultPlanFile);
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (!there && given === undefined) return null;
  if (!there) throw new UsageError(`there is no plan at ${given}`, 'savepoint init writes one.');
  const { readSource } = await import('../plan/source.ts');
  const read = await readSource(file);
  if (!('source' in read))
    throw new UsageError(`${given ?? defaultPlanFile} cannot be read as a plan`, 'savepoint validate says why.');
  const data = record(read.source.data);
  return {
    ...textField(data, 'application'),
    ...textField(data, 'environment'),
    ...textField(data, 'records'),
    people: peopleOf(record(data.people)),
    statements: [...statementsIn(data), ...suiteNamesIn(data.checks)],
  };
}

function statementsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'kind' in value && value.kind === 'attest' && 'statement' in value ? [String(value.statement)] : [];
  return [...own, ...Object.values(value).flatMap(statementsIn)];
}

/** Any check of the suite may be attested while it cannot be asked. */
function suiteNamesIn(groups: unknown): string[] {
  return Object.values(record(groups)).flatMap((group) => {
    const checks: unknown = Array.isArray(group) ? group : record(group).checks;
    return (Array.isArray(checks) ? checks : []).flatMap((check) => Object.values(textField(record(check), 'name')));
  });
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function textField(data: Record<string, unknown>, key: string): Record<string, string> {
  const value = data[key];
  return typeof value === 'string' ? { [key]: value } : {};
}

function peopleOf(written: Record<string, unknown>): People {
  const entries = Object.entries(written).map(([key, value]) => {
    const { name, contact } = record(value);
    return [
      key,
      { name: typeof name === 'string' ? name : key, contact: typeof contact === 'string' ? contact : null },
    ];
  });
  return Object.fromEntries(entries);
}

/** Connects, does something, and closes the connection whatever happens. */
export async function withClient<T>(act: (client: ReleaseClient) => Promise<T>): Promise<T> {
  const { connect } = await import('../client.ts');
  const client = await connect();
  try {
    return await act(client);
  } finally {
    await client.close();
  }
}
