import type { Command } from 'commander';
import { UsageError } from '../failing.ts';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

type Options = MessageOptions & { digest?: string; note?: string };

/** Fewer characters of a digest would not say which one was read. */
const shortestDigest = 8;

export function define(command: Command, io: Io): void {
  withMessage(command)
    .option('--digest <digest>', 'what you approve, at least its first 8 characters (default: what is asked just now)')
    .option('--note <text>', 'kept with the approval')
    .action(async (release: string | undefined, options: Options) => await approve(io, release, options));
}

async function approve(io: Io, release: string | undefined, options: Options): Promise<void> {
  const given = options.digest;
  if (given !== undefined && given.length < shortestDigest) {
    throw new UsageError(`the digest "${given}" is too short`, `Give at least its first ${shortestDigest} characters.`);
  }
  await tellRelease(io, { release, options }, async (client, { workflowId, runId }, by) => {
    const { question } = await client.status(workflowId, runId);
    const asked = question?.kind === 'go-no-go' ? (question.digest ?? '') : '';
    // What does not fit is sent as it is: the release itself says what it waits for.
    const digest = given === undefined || asked.startsWith(given) ? asked : given;
    if (given === undefined && asked !== '') io.say(`approving ${asked}`);
    const note = options.note === undefined ? {} : { note: options.note };
    return await client.approve(workflowId, { by, digest, ...note });
  });
}
