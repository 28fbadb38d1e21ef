import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

export function define(command: Command, io: Io): void {
  withMessage(command).action(
    async (release: string | undefined, options: MessageOptions) =>
      await tellRelease(io, { release, options }, (client, { workflowId }, by) => client.resume(workflowId, { by })),
  );
}
