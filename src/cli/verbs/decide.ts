import type { Command } from 'commander';
import { boundInWords, boundShown, undoesRows } from '../../release/answering.ts';
import type { Bound } from '../../release/loss.ts';
import type { ReleaseStatus } from '../../release/status.ts';
import { questionLines } from '../../report/lines.ts';
import { boundOf } from '../bounds.ts';
import { UsageError } from '../failing.ts';
import type { Io } from '../io.ts';
import { type MessageOptions, tellRelease, withMessage } from '../messaging.ts';

type Options = MessageOptions & { question?: string; upTo?: string };

export function define(command: Command, io: Io): void {
  withMessage(command.argument('<choice>', 'one of the choices that the question offers'))
    .option('--question <id>', 'the question that you mean (default: the open one)')
    .option('--reason <why>', 'why; some choices need it')
    .option('--up-to <rows>', 'rows that may be lost: 40, or orders=40,users=2 (default: what the question shows)')
    .action(async (choice: string, release: string | undefined, options: Options) => {
      await decide(io, { choice, release, options });
    });
}

type Given = { choice: string; release: string | undefined; options: Options };

async function decide(io: Io, { choice, release, options }: Given): Promise<void> {
  const upTo = options.upTo === undefined ? {} : { upTo: mayLose(choice, options.upTo) };
  await tellRelease(io, { release, options }, async (client, { workflowId, runId }, by) => {
    const status = await client.status(workflowId, runId);
    const question = options.question ?? offered(io, status, choice);
    if (options.upTo === undefined) tellBound(io, status, { question, choice });
    const reason = options.reason === undefined ? {} : { reason: options.reason };
    return await client.decide(workflowId, { by, question, choice, ...reason, ...upTo });
  });
}

/** A bound on rows beside a choice that loses none was meant for another choice. */
function mayLose(choice: string, written: string): Bound {
  if (undoesRows(choice)) return boundOf(written);
  throw new UsageError(`"${choice}" loses no rows, so it takes no --up-to`, 'Leave --up-to out, or choose another.');
}

/** Who names no bound accepts what the question shows, and is told what that is. */
function tellBound(io: Io, { question }: ReleaseStatus, answer: { question: string; choice: string }): void {
  const choice = question?.choices.find(({ id }) => id === answer.choice);
  const bound = question?.id === answer.question && choice ? boundShown(question, choice) : null;
  if (bound !== null) io.say(`rows that may be lost: up to ${boundInWords(bound)}; --up-to says otherwise`);
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
