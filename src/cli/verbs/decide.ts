import type { Command } from 'commander';
import type { ReleaseStatus } from '../../release/status.ts';
import { questionLines } from '../../report/lines.ts';
import { UsageError } from '../failing.ts';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

type Options = MessageOptions & { question?: string };

export function define(command: Command, io: Io): void {
  withMessage(command.argument('<choice>', 'one of the choices that the question offers'))
    .option('--question <id>', 'the question that you mean (default: the open one)')
    .option('--reason <why>', 'why; some choices need it')
    .action(async (choice: string, release: string | undefined, options: Options) => {
      await decide(io, { choice, release, options });
    });
}

type Given = { choice: string; release: string | undefined; options: Options };

async function decide(io: Io, { choice, release, options }: Given): Promise<void> {
  await tellRelease(io, { release, options }, async (client, { workflowId, runId }, by) => {
    const status = await client.status(workflowId, runId);
    const question = options.question ?? offered(io, status, choice);
    const reason = options.reason === undefined ? {} : { reason: options.reason };
    return await client.decide(workflowId, { by, question, choice, ...reason });
  });
}

/** The open question's id. A choice that it does not offer was meant for another one. */
function offered(io: Io, status: ReleaseStatus, choice: string): string {
  const { question } = status;
  if (question === null)
    throw new UsageError(`nothing is asked just now: ${status.workflowId} is in phase ${status.phase}`);
  if (question.choices.some((each) => each.id === choice)) return question.id;
  for (const line of questionLines(status, question)) io.say(line.text);
  throw new UsageError(
    `"${choice}" is not offered; it is one of ${question.choices.map((each) => each.id).join(', ')}`,
  );
}
