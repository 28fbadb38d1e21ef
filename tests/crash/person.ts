import { setTimeout as sleep } from 'node:timers/promises';
import { decideUpdate } from '../../src/workflows/messages.ts';
import { type Handle, statusOf } from '../support/release.ts';

/** What the deployment lead prefers, where it is offered. */
const preferred = [
  'carry-over-and-restore',
  'restore-full',
  'restore-database',
  'restore-code',
  'go-back',
  'retry',
  'done',
];

/** Answers whatever a release asks until it is over. While nobody serves it there is nothing to read, and that is no error. */
export async function answerQuestions(handle: Handle, over: AbortSignal): Promise<void> {
  for (; !over.aborted; await sleep(1_000, null, { signal: over }).catch(() => null)) {
    const question = await statusOf(handle)
      .then((status) => status.question)
      .catch(() => null);
    const choices = question?.choices.map(({ id }) => id) ?? [];
    const choice = preferred.find((id) => choices.includes(id));
    if (question === null || choice === undefined) continue;
    const answer = { by: 'deployment-lead', question: question.id, choice, reason: 'a test' };
    await handle.executeUpdate(decideUpdate, { args: [answer] }).catch(() => null);
  }
}
