import type { Command } from 'commander';
import ms, { type StringValue } from 'ms';
import { UsageError } from '../failing.ts';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

export function define(command: Command, io: Io): void {
  withMessage(command)
    .option('--for <duration>', 'such as 15m; it goes on by itself afterwards (default: 1h)')
    .option('--reason <why>', 'why')
    .action(async (release: string | undefined, options: MessageOptions & { for?: string }) => {
      const forMs = options.for === undefined ? {} : { forMs: milliseconds(options.for) };
      const reason = options.reason === undefined ? {} : { reason: options.reason };
      await tellRelease(io, { release, options }, (client, { workflowId }, by) =>
        client.pause(workflowId, { by, ...reason, ...forMs }),
      );
    });
}

function milliseconds(text: string): number {
  const parsed = /^\d+(\.\d+)?\s*(s|m|h)$/.test(text.trim()) ? ms(text.trim() as StringValue) : Number.NaN;
  if (Number.isFinite(parsed) && parsed > 0) return parsed;
  throw new UsageError(`"${text}" is no duration`, 'Write it as 30s, 15m or 2h.');
}
