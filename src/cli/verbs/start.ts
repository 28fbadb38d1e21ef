import { type Command, Option } from 'commander';
import { UsageError } from '../failing.ts';
import type { Io } from '../io.ts';
import { withClient, writtenPlan } from '../place.ts';
import { mustLoadPlan } from '../planning.ts';
import { afterStart, requesterOf } from '../started.ts';

type Options = {
  plan?: string;
  by?: string;
  yes?: true;
  approver?: string;
  detach?: true;
  resume?: string;
  restore?: string;
  acceptDirty?: string;
  overrideWindow?: string;
  again?: string;
  supersede?: string;
  takeOver?: string;
};

const dirtyOptions = ['resume', 'restore', 'acceptDirty'];

export function define(command: Command, io: Io): void {
  const dirty = (flags: string, text: string, own: string): Option =>
    new Option(flags, text).conflicts(dirtyOptions.filter((each) => each !== own));
  command
    .argument('<version>', 'the version to release')
    .option('--plan <file>', 'plan file (default: ./release.yaml)')
    .option('--by <person>', 'who asks for it (default: SAVEPOINT_USER, git or system user)')
    .option('--yes', 'say go at go/no-go, and to nothing else')
    .option('--approver <person>', 'who says go with --yes (default: the person of --by)')
    .addOption(new Option('--detach', 'do not wait for the end').conflicts('follow'))
    .addOption(new Option('--follow', 'show it as it goes on and wait for the end (default)'))
    .addOption(dirty('--resume <reason>', 'go on where an unfinished release stopped', 'resume'))
    .addOption(dirty('--restore <reason>', 'first bring back what an unfinished release changed', 'restore'))
    .addOption(dirty('--accept-dirty <reason>', 'take things as an unfinished release left them', 'acceptDirty'))
    .option('--again <reason>', 'release a version that was rolled back')
    .option('--override-window <reason>', 'start outside the release window')
    .addOption(
      new Option('--supersede <reason>', 'take the place of a release that waits at go/no-go').conflicts('takeOver'),
    )
    .option('--take-over <reason>', 'end the watch of the release before this one')
    .action(async (version: string, options: Options) => await start(io, version, options));
}

async function start(io: Io, version: string, options: Options): Promise<void> {
  for (const [name, reason] of Object.entries(options)) {
    if (typeof reason === 'string' && reason.trim() === '') throw new UsageError(`--${dashed(name)} must not be empty`);
  }
  const written = await writtenPlan(io, options.plan);
  const requester = await requesterOf(io, options.by, written?.people ?? {});
  const { plan, digest } = await mustLoadPlan(io, { file: options.plan, version, requester });
  await withClient(async (client) => {
    const started = await client.start({
      plan,
      planDigest: digest,
      requester,
      preApproved: options.yes ? { by: options.approver ?? requester, reason: '--yes' } : null,
      windowOverride: options.overrideWindow ? { by: requester, reason: options.overrideWindow } : null,
      continuation: continuationOf(options),
      ...(options.again ? { again: { by: requester, reason: options.again } } : {}),
      ...displacing(options, requester),
    });
    if (started.displaced) io.say(`${started.displaced.version} made room: ${started.displaced.outcome}`);
    await afterStart(io, client, { started, requester, detach: options.detach === true });
  });
}

function continuationOf({ resume, restore, acceptDirty }: Options) {
  if (resume !== undefined) return { as: 'resume', reason: resume } as const;
  if (restore !== undefined) return { as: 'restore', reason: restore } as const;
  if (acceptDirty !== undefined) return { as: 'accept-dirty', reason: acceptDirty } as const;
  return { as: 'fresh' } as const;
}

function displacing({ supersede, takeOver }: Options, by: string) {
  if (supersede !== undefined) return { displace: { as: 'supersede', by, reason: supersede } } as const;
  if (takeOver !== undefined) return { displace: { as: 'take-over', by, reason: takeOver } } as const;
  return {};
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
