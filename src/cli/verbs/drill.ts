import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import type { LoadedPlan } from '../../plan/load.ts';
import {
  chosenCases,
  type DrillCase,
  type DrillWay,
  drillableSteps,
  drillWays,
  fixedTargets,
  looksLikeProduction,
} from '../../release/drill.ts';
import type { Plan } from '../../release/plan.ts';
import { drillOutlook } from '../../report/drill-outlook.ts';
import { followDrill } from '../drilling.ts';
import { UsageError } from '../failing.ts';
import type { Io } from '../io.ts';
import { withClient } from '../place.ts';
import { mustLoadPlan } from '../planning.ts';
import { whoAmI } from '../who.ts';

type Options = {
  plan?: string;
  environment?: string;
  version?: string;
  at?: string;
  way?: DrillWay;
  by?: string;
  yes?: true;
  attach?: true;
  production?: true;
  really?: string;
};

export function define(command: Command, io: Io): void {
  command
    .option('--plan <file>', 'plan file (default: ./release.yaml)')
    .option('--version <version>', 'the version to release and bring back')
    .option('--environment <name>', 'drill there (default: the environment of the plan)')
    .option('--at <step>', 'only failures of this step, or of watch')
    .addOption(new Option('--way <way>', 'only failures of this kind').choices(drillWays))
    .option('--by <person>', 'who asks for it (default: SAVEPOINT_USER, git or system user)')
    .option('--yes', 'do not ask before it starts')
    .option('--attach', 'follow the drill that runs')
    .option('--production', 'drill where users are; needs --really as well')
    .option('--really <application/environment>', 'the same once more, by name')
    .action(async (options: Options) => await drill(io, options));
}

async function drill(io: Io, options: Options): Promise<void> {
  const { plan, digest } = await planToDrill(io, options);
  if (options.attach) return await attach(io, plan);
  const cases = casesOf(plan, options);
  const by = await whoAmI(io, options.by, plan.people);
  const requester = by?.person ?? userInfo().username;
  io.show(drillOutlook(plan, cases));
  if (!(await isWanted(io, options))) throw new UsageError('nothing was started');
  await withClient(async (client) => {
    const { releaseIdOf } = await import('../../client.ts');
    const { workflowId, runId, url } = await client.drill({ plan, planDigest: digest, requester, cases });
    io.say(`started ${workflowId}${url === null ? '' : `  ${url}`}`);
    const releaseId = releaseIdOf(plan.application, plan.environment);
    await followDrill(io, { client, workflowId, runId, releaseId });
  });
}

async function attach(io: Io, { application, environment }: Plan): Promise<void> {
  await withClient(async (client) => {
    const { drillIdOf, releaseIdOf } = await import('../../client.ts');
    const workflowId = drillIdOf(application, environment);
    const found = await client.find(workflowId);
    if (found === null) throw new UsageError(`there is no drill "${workflowId}"`);
    const { runId } = found;
    await followDrill(io, { client, workflowId, runId, releaseId: releaseIdOf(application, environment) });
  });
}

/** The plan with the environment that was named. @throws UsageError where users may be, unless it was said twice */
async function planToDrill(io: Io, options: Options): Promise<Pick<LoadedPlan, 'plan' | 'digest'>> {
  if (options.version === undefined && !options.attach) {
    throw new UsageError('it is not clear which version is drilled', 'Name it with --version <version>.');
  }
  const loaded = await mustLoadPlan(io, { file: options.plan, version: options.version });
  const environment = options.environment ?? loaded.plan.environment;
  const plan = { ...loaded.plan, environment };
  if (!options.attach) refuseProduction(loaded.plan, plan, options);
  const { planDigest } = await import('../../plan/digest.ts');
  return { plan, digest: planDigest(plan) };
}

/** Another name alone does not make other targets: those without a reference are the ones of the plan as written. */
function refuseProduction(written: Plan, plan: Plan, { production, really }: Options): void {
  const { application, environment } = plan;
  const fixed = looksLikeProduction(written.environment) ? fixedTargets(plan) : [];
  const named = looksLikeProduction(environment);
  if (!named && fixed.length === 0) return;
  const name = `${application}/${environment}`;
  if (production && really === name) return;
  const why = named
    ? `${environment} looks like production, and a drill really breaks what it drills`
    : `${fixed.join(', ')} would be the same in ${environment} as in ${written.environment}: nothing in the plan refers to the environment`;
  const remedy = `Drill another environment with --environment, and say by references such as \${env:NAME} what differs there.\nTo drill this one all the same: --production --really ${name}`;
  throw new UsageError(why, remedy);
}

function casesOf(plan: Plan, { at, way }: Options): DrillCase[] {
  const cases = chosenCases(plan, { at, how: way });
  if (cases.length > 0) return cases;
  const steps = [...drillableSteps(plan).map(({ id }) => id), ...(plan.watch === null ? [] : ['watch'])];
  const remedy = `Steps that can be made to fail: ${steps.join(', ') || 'none'}. Ways: before, after, lost; of watch: watch.`;
  throw new UsageError('there is nothing to drill', remedy);
}

async function isWanted(io: Io, { yes }: Options): Promise<boolean> {
  if (yes) return true;
  if (!io.interactive) throw new UsageError('a drill changes and restores these targets', 'Say yes with --yes.');
  const prompts = await import('@clack/prompts');
  return (await prompts.confirm({ message: 'Start the drill?', initialValue: false })) === true;
}
