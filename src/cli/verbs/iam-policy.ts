import type { Command } from 'commander';
import type { Statement } from '../../aws/policy/statement.ts';
import type { Line } from '../../report/lines.ts';
import { UsageError } from '../failing.ts';
import { type Granting, surroundingsOf } from '../granting.ts';
import type { Io } from '../io.ts';
import { defaultPlanFile } from '../place.ts';
import { mustLoadPlan } from '../planning.ts';

type Options = Granting & { plan?: string; explain?: true };

export function define(command: Command, io: Io): void {
  command
    .argument('[file]', `plan file (default: ./${defaultPlanFile})`)
    .option('--plan <file>', 'the same')
    .option('--account <id>', 'account where the plan names none (default: the one that it names, else *)')
    .option('--region <name>', 'region where the plan names none (default: AWS_REGION, else *)')
    .option('--ask', 'ask AWS which account these credentials are of')
    .option('--discard', 'also what `savepoint superseded discard` deletes, for people who tidy up')
    .option('--explain', 'say of each action what it is for and where AWS describes it')
    .action(async (file: string | undefined, { plan: other, explain, ...told }: Options) => {
      if (told.account !== undefined && !/^\d{12}$/.test(told.account))
        throw new UsageError(`${told.account} is no account id`, 'An account id has twelve digits.');
      const { plan } = await mustLoadPlan(io, { file: file ?? other, version: undefined });
      const { documentOf, longestPolicy, policyLength, statementsFor } = await import('../../aws/policy/policy.ts');
      const statements = statementsFor(plan, await surroundingsOf(io, plan, told));
      const policy = documentOf(statements);
      if (statements.length === 0) io.say('Nothing in this plan speaks to AWS, so its worker needs no policy.');
      const length = policyLength(policy);
      if (length > longestPolicy)
        io.say(
          `The policy has ${length} characters; one managed policy takes ${longestPolicy}: write it into the role itself, or split it in two.`,
        );
      if (explain !== true) return io.give(JSON.stringify(policy, null, 2), policy);
      const actions = await sourcesOf(statements);
      io.give(explained(statements, actions), { schemaVersion: 1, policy, actions });
    });
}

type Source = { sid: string; action: string; why: string; source: string };

async function sourcesOf(statements: readonly Statement[]): Promise<Source[]> {
  const { sourceOf } = await import('../../aws/policy/actions.ts');
  return statements.flatMap(({ sid, actions, why }) =>
    [...actions].sort().map((action) => ({ sid, action, why, source: sourceOf(action) })),
  );
}

/** Each statement with its reason, each action with the page that describes it. */
function explained(statements: readonly Statement[], found: readonly Source[]): Line[] {
  return statements.flatMap(({ sid, why, resources, condition }) => [
    { tone: 'strong', text: `${sid}: ${why}` } as const,
    ...resources.map((resource): Line => ({ tone: 'plain', text: `  on ${resource}` })),
    ...(condition === undefined ? [] : [{ tone: 'plain', text: `  where ${conditionWords(condition)}` } as const]),
    ...found
      .filter((each) => each.sid === sid)
      .map(({ action, source }): Line => ({ tone: 'quiet', text: `  ${action}  ${source}` })),
  ]);
}

function conditionWords(condition: NonNullable<Statement['condition']>): string {
  return Object.values(condition)
    .flatMap((keys) => Object.entries(keys).map(([key, value]) => `${key} is ${[value].flat().join(' or ')}`))
    .join(' and ');
}
