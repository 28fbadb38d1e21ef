import type { Command } from 'commander';
import type { Begun } from '../../dev/demo/main.ts';
import { runDemo } from '../../dev/demo/main.ts';
import { exitCodes } from '../../release/endings.ts';
import type { ReleaseResult } from '../../release/status.ts';
import { follow } from '../following.ts';
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
    follow: (begun) => followed(io, begun),
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

/** All that a release shows is a remark here; stdout is for the demo's own document. Null: Ctrl-C. */
async function followed(io: Io, { client, workflowId, runId, url, person }: Begun): Promise<ReleaseResult | null> {
  const remarks: Io = {
    ...io,
    exitCode: exitCodes.released,
    give: (text) => io.show(typeof text === 'string' ? [] : text),
  };
  await follow(remarks, { client, workflowId, runId, url, person });
  return remarks.exitCode === exitCodes.stillRunning ? null : await client.result(workflowId, runId);
}
