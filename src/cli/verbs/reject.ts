import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

export function define(command: Command, io: Io): void {
  withMessage(command)
    .requiredOption('--reason <why>', 'why not')
    .action(
      async (release: string | undefined, options: MessageOptions & { reason: string }) =>
        await tellRelease(io, { release, options }, (client, { workflowId }, by) =>
          client.reject(workflowId, { by, reason: options.reason }),
        ),
    );
}
