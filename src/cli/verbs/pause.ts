import type { Command } from 'commander';
import { durationOf } from '../durations.ts';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

export function define(command: Command, io: Io): void {
  withMessage(command)
    .option('--for <duration>', 'such as 15m; it goes on by itself afterwards (default: 1h)')
    .option('--reason <why>', 'why')
    .action(async (release: string | undefined, options: MessageOptions & { for?: string }) => {
      const forMs = options.for === undefined ? {} : { forMs: durationOf(options.for) };
      const reason = options.reason === undefined ? {} : { reason: options.reason };
      await tellRelease(io, { release, options }, (client, { workflowId }, by) =>
        client.pause(workflowId, { by, ...reason, ...forMs }),
      );
    });
}
