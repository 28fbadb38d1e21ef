import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Surroundings } from '../aws/policy/policy.ts';
import type { DefinitionFacts } from '../aws/policy/task-definition.ts';
import { eachText } from '../plan/walk.ts';
import type { Plan } from '../release/plan.ts';
import { awsPlaces } from './aws-places.ts';
import type { Io } from './io.ts';

/** What the command line was told, or asks for. `ask`: AWS is asked whose credentials these are. */
export type Granting = { account?: string; region?: string; ask?: true; discard?: true };

/** What a policy needs besides the plan: account, region, roles and log groups of the task definitions. */
export async function surroundingsOf(io: Io, plan: Plan, told: Granting): Promise<Surroundings> {
  const { definitions, contents } = await definitionsOf(io, plan);
  const named = accountsIn([plan.targets, plan.steps, plan.watch, contents]);
  const account = told.account ?? (told.ask === true ? await askedAccount(io, plan) : null) ?? only(named);
  if (account === null) {
    const why = named.length === 0 ? 'The plan names no account' : `The plan names the accounts ${named.join(', ')}`;
    io.say(`${why}, so the policy holds * in its place; --account <id> or --ask fills it in.`);
  }
  const region = told.region ?? io.env.AWS_REGION ?? io.env.AWS_DEFAULT_REGION ?? null;
  return { account, region, definitions, referred: referredIn(plan), discard: told.discard === true };
}

function only(accounts: readonly string[]): string | null {
  return accounts.length === 1 ? (accounts[0] ?? null) : null;
}

/** Account ids in ARNs and in addresses of ECR. */
function accountsIn(data: unknown): string[] {
  const found = new Set<string>();
  eachText(data, (text) => {
    for (const match of text.matchAll(/arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(\d{12}):|\b(\d{12})\.dkr[.-]ecr/g)) {
      const account = match[1] ?? match[2];
      if (account !== undefined) found.add(account);
    }
  });
  return [...found].sort();
}

async function askedAccount(io: Io, plan: Plan): Promise<string | null> {
  const { identityAt } = await import('../aws/identity.ts');
  const [place] = awsPlaces(plan);
  const { account, who } = await identityAt(place ?? { region: null, endpoint: null, profile: null }, patience());
  io.say(`AWS says: account ${account}, ${who}.`);
  return account;
}

function patience(): AbortSignal {
  return AbortSignal.timeout(15_000);
}

type Definitions = { definitions: Map<string, DefinitionFacts>; contents: unknown[] };

/** Files for register-task-definition; one that is not here yet, or only known where the worker runs, is left out. */
async function definitionsOf(io: Io, plan: Plan): Promise<Definitions> {
  const { definitionFacts } = await import('../aws/policy/task-definition.ts');
  const definitions = new Map<string, DefinitionFacts>();
  const contents: unknown[] = [];
  for (const { name, kind, spec } of plan.targets) {
    const file: unknown = kind === 'aws-ecs' ? Reflect.get(Object(spec), 'taskDefinition') : null;
    if (typeof file !== 'string') continue;
    const content = await contentOf(resolve(plan.home, file));
    const facts = definitionFacts(content);
    if (facts === null)
      io.say(`The task definition of ${name} could not be read from ${file}; its roles are not named.`);
    else definitions.set(name, facts);
    contents.push(content);
  }
  return { definitions, contents };
}

async function contentOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Names of secrets and parameters that the plan refers to, without what is picked out of them: a key, a version. */
function referredIn(plan: Plan): Surroundings['referred'] {
  const secrets = new Set<string>();
  const parameters = new Set<string>();
  eachText(plan, (text) => {
    for (const [, name = ''] of text.matchAll(/\$\{aws-secret:([^}#]+)(?:#[^}]*)?\}/g)) secrets.add(name);
    for (const [, name = ''] of text.matchAll(/\$\{aws-ssm:((?:arn(?::[^:}]*){4}:)?[^:}]+)(?::[^}]*)?\}/g))
      parameters.add(name);
  });
  return { secrets: [...secrets].sort(), parameters: [...parameters].sort() };
}
