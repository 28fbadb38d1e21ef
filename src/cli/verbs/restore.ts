import type { Command } from 'commander';
import type { Seen } from '../../client/reading.ts';
import { type ReleaseClient, releaseIdOf } from '../../client.ts';
import { UsageError } from '../failing.ts';
import type { Io } from '../io.ts';
import { withClient, writtenPlan } from '../place.ts';
import { mustLoadPlan } from '../planning.ts';
import { afterStart, requesterOf } from '../started.ts';

type Options = { plan?: string; by?: string; from?: string; all?: true; reason: string; detach?: true };

export function define(command: Command, io: Io): void {
  command
    .argument('[targets...]', 'the targets to bring back')
    .option('--all', 'everything that the release changed')
    .option('--from <run>', 'the release before which they go back (default: the newest that changed something)')
    .requiredOption('--reason <why>', 'why they go back')
    .option('--plan <file>', 'plan file (default: ./release.yaml)')
    .option('--by <person>', 'who asks for it (default: SAVEPOINT_USER, git or system user)')
    .option('--detach', 'do not wait for the end')
    .action(async (targets: string[], options: Options) => await restore(io, targets, options));
}

/** Brings single targets back after a release has ended: the same workflow, lock, rules and questions. */
async function restore(io: Io, targets: string[], options: Options): Promise<void> {
  if (targets.length === 0 && !options.all) {
    throw new UsageError('it is not clear what goes back', 'Name targets of the plan, or say --all.');
  }
  if (targets.length > 0 && options.all) throw new UsageError('targets and --all cannot be used together');
  if (options.reason.trim() === '') throw new UsageError('--reason must not be empty');
  const written = await writtenPlan(io, options.plan);
  const requester = await requesterOf(io, options.by, written?.people ?? {});
  await withClient(async (client) => {
    const from = await releaseMeant(client, written ?? {}, options.from);
    // The targets are described by the version that changed them: its files tell what that release wrote itself.
    const version = from.version ?? undefined;
    const { plan, digest } = await mustLoadPlan(io, { file: options.plan, version, requester });
    refuseUnknown(targets, plan.targets);
    io.say(`back to before ${plan.application} ${from.version ?? ''}, released ${from.startedAt}`);
    const started = await client.start({
      plan,
      planDigest: digest,
      requester,
      preApproved: null,
      windowOverride: null,
      continuation: { as: 'bring-back', reason: options.reason, from: from.runId, targets },
    });
    await afterStart(io, client, { started, requester, detach: options.detach === true });
  });
}

function refuseUnknown(targets: readonly string[], known: readonly { name: string }[]): void {
  const unknown = targets.filter((target) => !known.some(({ name }) => name === target));
  if (unknown.length === 0) return;
  const names = known.map(({ name }) => name).join(', ');
  throw new UsageError(`the plan has no target ${unknown.join(', ')}`, `It has ${names}.`);
}

const searched = 50;

/** The run that was named, or the newest whose change may still be there. */
async function releaseMeant(
  client: ReleaseClient,
  { application, environment }: { application?: string; environment?: string },
  named: string | undefined,
): Promise<Seen> {
  if (application === undefined || environment === undefined) {
    throw new UsageError('it is not clear whose targets these are', 'Use --plan, or go to the folder of the plan.');
  }
  const runs = await client.list({ application, environment, running: false, limit: searched });
  const changing = ['released', 'released-by-decision', 'partly-rolled-back', 'aborted', 'superseded'];
  const meant = runs.find(({ runId, outcome }) =>
    named === undefined ? changing.includes(outcome ?? '') : runId === named || runId.endsWith(named),
  );
  if (meant !== undefined) return meant;
  const what = named === undefined ? 'no release of it has changed anything' : `there is no release ${named} of it`;
  const id = releaseIdOf(application, environment);
  throw new UsageError(`${id}: ${what}`, 'See what there is with: savepoint list');
}
