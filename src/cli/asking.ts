import { setImmediate } from 'node:timers/promises';
import type { ReleaseClient } from '../client.ts';
import { boundInWords, boundShown } from '../release/answering.ts';
import type { Bound } from '../release/loss.ts';
import type { Choice, Question, ReleaseStatus } from '../release/status.ts';
import { boundOf } from './bounds.ts';
import { told } from './failing.ts';
import type { Io } from './io.ts';

/** `person`: who sits here, so that questions meant for them are asked; null asks nobody. */
export type Sitting = { client: ReleaseClient; workflowId: string; person: string | null };

const later = 'later';

/** As typed; empty where nothing was asked for. */
type Answer = { reason: string; upTo: string };

/**
 * Asks the person at the terminal what a release waits for, when that person may answer. An answer that comes from
 * elsewhere closes the prompt. Nothing is chosen by closing it: that is only "later".
 */
export class Asker {
  readonly #io: Io;
  readonly #sitting: Sitting;
  readonly #detach: () => void;
  readonly #asked = new Set<string>();
  #open: { question: string; closing: AbortController } | null = null;

  constructor(io: Io, sitting: Sitting, detach: () => void) {
    this.#io = io;
    this.#sitting = sitting;
    this.#detach = detach;
  }

  /** A prompt is on the screen. */
  get busy(): boolean {
    return this.#open !== null;
  }

  /** Closes the prompt whose question is no longer open; before anything else is printed. */
  async closeFor(status: ReleaseStatus): Promise<void> {
    if (this.#open === null || status.question?.id === this.#open.question) return;
    this.stop();
    // The prompt gives the terminal back in its own time.
    await setImmediate();
  }

  /** Opens a prompt for a new question. */
  see(status: ReleaseStatus): void {
    const { question } = status;
    if (question === null || this.#open !== null || this.#asked.has(question.id)) return;
    if (!mayAsk(this.#io, question, this.#sitting.person)) return;
    this.#asked.add(question.id);
    const closing = new AbortController();
    this.#open = { question: question.id, closing };
    void this.#ask(question, closing.signal).finally(() => {
      if (this.#open?.closing === closing) this.#open = null;
    });
  }

  /** Lines that come while a prompt is open are printed as they are; the prompt draws itself again on the next key. */
  interrupted(print: () => void): void {
    if (this.#open !== null) this.#io.stdout.write('\n');
    print();
  }

  stop(): void {
    this.#open?.closing.abort();
    this.#open = null;
  }

  async #ask(question: Question, signal: AbortSignal): Promise<void> {
    const prompts = await import('@clack/prompts');
    if (signal.aborted) return;
    const options = [
      ...question.choices.map(({ id, label }) => ({ value: id, label })),
      { value: later, label: 'Later: leave it open' },
    ];
    const chosen = await prompts.select({ message: question.text, options, initialValue: later, signal });
    if (signal.aborted) return;
    // Ctrl-C inside a prompt never reaches the process as a signal.
    if (prompts.isCancel(chosen)) return this.#detach();
    const choice = question.choices.find((each) => each.id === chosen);
    if (choice === undefined) return;
    const shown = boundShown(await this.#now(question), choice);
    if (signal.aborted) return;
    const upTo = shown === null ? '' : await prompts.text({ ...rowsPrompt(choice, shown), signal });
    if (signal.aborted) return;
    if (prompts.isCancel(upTo)) return this.#detach();
    const needed = choice.needsReason || choice.id === 'reject';
    const reason = needed ? await prompts.text({ message: 'Why?', validate: notEmpty, signal }) : '';
    if (signal.aborted) return;
    if (prompts.isCancel(reason)) return this.#detach();
    await this.#send(question, choice, { reason, upTo });
  }

  /** What going back would undo is counted while the question is open, so it may know more by now. */
  async #now(question: Question): Promise<Question> {
    const { client, workflowId } = this.#sitting;
    const status = await client.status(workflowId).catch(() => null);
    return status?.question?.id === question.id ? status.question : question;
  }

  /** A refusal is told and the question is asked again with the next look. */
  async #send(question: Question, choice: Choice, { reason, upTo }: Answer): Promise<void> {
    const { client, workflowId, person } = this.#sitting;
    const by = person ?? '';
    try {
      if (question.kind !== 'go-no-go') {
        const why = reason === '' ? {} : { reason };
        const bound = upTo === '' ? {} : { upTo: boundOf(upTo) };
        await client.decide(workflowId, { by, question: question.id, choice: choice.id, ...why, ...bound });
      } else if (choice.id === 'approve') await client.approve(workflowId, { by, digest: question.digest ?? '' });
      else await client.reject(workflowId, { by, reason });
    } catch (error) {
      this.#io.say(`savepoint: ${told(error).message}`);
      this.#asked.delete(question.id);
    }
  }
}

/** A question is asked in a terminal only, and only of somebody who may answer it and has not yet. */
export function mayAsk(io: Pick<Io, 'interactive'>, question: Question, person: string | null): boolean {
  if (!io.interactive || person === null || question.barred === person) return false;
  return question.deciders.includes(person) && !question.answers.some((answer) => answer.by === person);
}

/** What was counted is offered; while users go on writing it is soon more. */
function rowsPrompt({ id }: Choice, shown: Bound) {
  const which = id === 'carry-over-and-restore' ? 'Rows that do not fit and may be lost' : 'Rows that may be lost';
  return { message: `${which}, such as 40 or orders=40,users=2`, initialValue: boundInWords(shown), validate: aBound };
}

function aBound(value: string | undefined): string | undefined {
  try {
    boundOf(value ?? '');
    return undefined;
  } catch (error) {
    return told(error).message;
  }
}

function notEmpty(value: string | undefined): string | undefined {
  return value?.trim() ? undefined : 'A reason is needed.';
}
