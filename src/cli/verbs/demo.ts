import type { Command } from 'commander';
import { runDemo } from '../../dev/demo/main.ts';
import { exitCodes } from '../../release/endings.ts';
import { followToEnd } from '../following.ts';
import type { Io } from '../io.ts';
import { untilTold } from '../serving.ts';

export function define(command: Command, io: Io): void {
  command
    .option('--yes', 'say go at every go/no-go, and to nothing else')
    .action(async (options: { yes?: true }) => await demonstrate(io, options.yes === true));
}

async function demonstrate(io: Io, yes: boolean): Promise<void> {
  const stopped = untilTold();
  const told = await runDemo({
    yes,
    say: (line) => io.say(line),
    stopped,
    follow: (begun) => Promise.race([followToEnd(io, begun), stopped.then(() => null)]),
    afterwards: async ({ workspace, temporalUi }) => {
      if (!io.interactive) return;
      io.say(
        `The shop is still open at ${workspace.origin}, and Temporal at ${temporalUi ?? 'its address'}. Ctrl-C stops everything.`,
      );
      await stopped;
    },
  });
  for (const complaint of told.complaints) io.say(`not as intended: ${complaint}`);
  if (io.json) io.give('', told.document);
  io.exitCode = told.complaints.length === 0 ? exitCodes.released : exitCodes.unexpected;
}
