import { ApplicationFailure } from '@temporalio/workflow';
import type { Driven } from '../activities/inputs.ts';
import { ask, choice } from './questions.ts';
import { nextFence, type Story } from './state.ts';

/**
 * Drives one verb to its end; a person is asked as often as the target needs one. `verb` gets a fence of its own each
 * time, because the attempts of the call before may have used up many.
 */
export async function drive<T>(story: Story, what: string, verb: (fence: number) => Promise<Driven<T>>): Promise<T> {
  for (;;) {
    const driven = await verb(nextFence(story));
    if (driven.state === 'done') return driven.value;
    const answered = await ask(story, {
      id: `by hand: ${what}`,
      kind: 'by-hand',
      text: driven.question,
      why: 'Only a person can do this; the release looks for itself once somebody says that it is done.',
      choices: [choice('done', 'It is done'), choice('cannot', 'It cannot be done; the step fails', true)],
      onSilence: null,
      rules: story.input.plan.questions,
    });
    if (answered.choice !== 'cannot') continue;
    const message = `${answered.by} said that it cannot be done: ${answered.reason ?? what}`;
    throw ApplicationFailure.create({ message, type: 'failed', nonRetryable: true });
  }
}
