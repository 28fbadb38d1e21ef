import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

export function define(command: Command, io: Io): void {
  withMessage(command.argument('<criterion>', 'what was seen, by a name under watch.raised of the plan'))
    .requiredOption('--note <text>', 'what exactly was seen')
    .action(
      async (criterion: string, release: string | undefined, options: MessageOptions & { note: string }) =>
        await tellRelease(io, { release, options }, (client, { workflowId }, by) =>
          client.raise(workflowId, { by, criterion, note: options.note }),
        ),
    );
}
