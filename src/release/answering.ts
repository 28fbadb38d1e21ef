import type { Json } from './json.ts';
import type { Choice, Question, ReleaseStatus } from './status.ts';

/** One way to answer a question: at a terminal, or as the named signal with this body in the Temporal UI. */
export type WayToAnswer = { choice: Choice; command: string; signal: 'approve' | 'reject' | 'decide'; body: Json };

/** Characters of a digest that people see and type; the command line completes them. */
const shortDigest = 12;

const reasonPlaceholder = 'why';

/** Every choice of the open question with the command and the signal that make it. */
export function waysToAnswer(status: ReleaseStatus, question: Question): WayToAnswer[] {
  return question.choices.map((choice) => wayToAnswer(status, question, choice));
}

/** Somebody who may answer; a placeholder where nobody is named. */
function whoMayAnswer(question: Question): string {
  return question.deciders.find((person) => person !== question.barred) ?? 'PERSON';
}

function wayToAnswer(status: ReleaseStatus, question: Question, choice: Choice): WayToAnswer {
  const by = whoMayAnswer(question);
  const who = `${word(status.workflowId)} --by ${word(by)}`;
  if (question.kind === 'go-no-go' && choice.id === 'approve') {
    const digest = question.digest ?? status.digest ?? '';
    const named = digest === '' ? '' : ` --digest ${word(digest.slice(0, shortDigest))}`;
    return { choice, signal: 'approve', command: `savepoint approve ${who}${named}`, body: { by, digest } };
  }
  if (question.kind === 'go-no-go' && choice.id === 'reject') {
    const body = { by, reason: reasonPlaceholder };
    return { choice, signal: 'reject', command: `savepoint reject ${who} --reason '${reasonPlaceholder}'`, body };
  }
  const reason = choice.needsReason ? ` --reason '${reasonPlaceholder}'` : '';
  const body = { by, question: question.id, choice: choice.id };
  return {
    choice,
    signal: 'decide',
    command: `savepoint decide ${word(choice.id)} ${who} --question ${word(question.id)}${reason}`,
    body: choice.needsReason ? { ...body, reason: reasonPlaceholder } : body,
  };
}

/** Quoted for a POSIX shell where it needs to be; names come from plans, so they may hold anything. */
function word(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Who may answer, how many are needed and who may not, in one line. */
export function whoAnswers(question: Question): string {
  const people = question.deciders.length === 0 ? 'anybody' : question.deciders.join(', ');
  const needed = question.needs > 1 ? `, ${question.needs} needed` : '';
  const barred = question.barred === null ? '' : `; not ${question.barred}, who asked for the release`;
  return `${people}${needed}${barred}`;
}
