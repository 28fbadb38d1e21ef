import { type Command, Option } from 'commander';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

type Options = MessageOptions & { reason: string; goBack?: true; stopHere?: true };

export function define(command: Command, io: Io): void {
  withMessage(command)
    .requiredOption('--reason <why>', 'why it is stopped')
    .addOption(new Option('--go-back', 'go back at once where no data is lost').conflicts('stopHere'))
    .addOption(new Option('--stop-here', 'ask to stop here and leave things as they are'))
    .action(async (release: string | undefined, options: Options) => {
      const goBack = options.goBack ? { goBack: true } : options.stopHere ? { goBack: false } : {};
      await tellRelease(io, { release, options }, (client, { workflowId }, by) =>
        client.abort(workflowId, { by, reason: options.reason, ...goBack }),
      );
    });
}
