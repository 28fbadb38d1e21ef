import type { Command } from 'commander';
import { durationOf } from '../durations.ts';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

export function define(command: Command, io: Io): void {
  withMessage(command)
    .requiredOption('--reason <why>', 'why a person looks first')
    .option('--for <duration>', 'such as 15m; it ends by itself, or with resume (default: 30m)')
    .action(async (release: string | undefined, options: MessageOptions & { reason: string; for?: string }) => {
      const forMs = options.for === undefined ? {} : { forMs: durationOf(options.for) };
      await tellRelease(io, { release, options }, (client, { workflowId }, by) =>
        client.handsOff(workflowId, { by, reason: options.reason, ...forMs }),
      );
    });
}
