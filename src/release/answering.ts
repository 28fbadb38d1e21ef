import type { Json } from './json.ts';
import { type Bound, boundOfLosses, countedRows, lossInWords } from './loss.ts';
import type { Choice, Question, ReleaseStatus } from './status.ts';
import { rows } from './wording.ts';

/** One way to answer a question: at a terminal, or as the named signal with this body in the Temporal UI. */
export type WayToAnswer = { choice: Choice; command: string; signal: 'approve' | 'reject' | 'decide'; body: Json };

/** Characters of a digest that people see and type; the command line completes them. */
const shortDigest = 12;

const reasonPlaceholder = 'why';

/** Choices that may undo rows of users. With the first the bound is about rows that do not fit the restored database. */
const undoing: readonly string[] = ['carry-over-and-restore', 'export-and-restore', 'restore-database', 'restore-full'];

/** What going back would undo, a line for each database; nothing where nobody measured or the text says it already. */
export function lossesInWords({ losses = [], why }: Question): string[] {
  return losses.flatMap(({ target, loss }) => {
    const words = lossInWords(loss);
    if (why.includes(words)) return [];
    const about = loss.held ? '' : 'at the moment about ';
    const missing = loss.notCompared.map((each) => `${target}, not compared: ${each}`);
    return [`${target}: going back would undo ${about}${rows(loss.rows)}: ${words}`, ...missing];
  });
}

/** May this choice undo rows of users, so that an answer may say how many? */
export function undoesRows(choice: string): boolean {
  return undoing.includes(choice);
}

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
  const upTo = boundShown(question, choice);
  const reason = choice.needsReason ? ` --reason '${reasonPlaceholder}'` : '';
  const bound = upTo === null ? '' : ` --up-to ${word(boundInWords(upTo))}`;
  const body = {
    by,
    question: question.id,
    choice: choice.id,
    ...(upTo === null ? {} : { upTo }),
    ...(choice.needsReason ? { reason: reasonPlaceholder } : {}),
  };
  const command = `savepoint decide ${word(choice.id)} ${who} --question ${word(question.id)}${bound}${reason}`;
  return { choice, signal: 'decide', command, body };
}

/** What was measured, as the bound to approve; null where the choice loses nothing or nobody measured. */
export function boundShown({ losses }: Question, { id }: Choice): Bound | null {
  if (losses === undefined || !undoesRows(id)) return null;
  const counted = losses.flatMap(({ loss }) => countedRows(loss));
  const sum = counted.reduce((all, each) => all + each.rows, 0);
  if (id === 'carry-over-and-restore' || sum === 0) return 0;
  // What a command cannot spell is approved as a number in all.
  const bound = boundOfLosses(losses.map(({ loss }) => loss));
  if (typeof bound === 'number' || !counted.every(({ table }) => /^[\w.$-]+$/.test(table))) return sum;
  return Object.fromEntries(Object.entries(bound).map(([table, rows]) => [table.replace(/^public\./, ''), rows]));
}

/** As `--up-to` takes it: `40`, or `orders=40,users=2`. */
export function boundInWords(bound: Bound): string {
  if (typeof bound === 'number') return String(bound);
  return Object.entries(bound)
    .map(([table, count]) => `${table}=${count}`)
    .join(',');
}

/** Quoted for a POSIX shell where it needs to be; names come from plans, so they may hold anything. */
function word(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Who may answer and how to reach them, how many are needed and who may not, in one line. */
export function whoAnswers(question: Question): string {
  const { deciders, contacts = {} } = question;
  const named = deciders.map((person) => {
    return Object.hasOwn(contacts, person) ? `${person} (${contacts[person]})` : person;
  });
  const people = named.length === 0 ? 'anybody' : named.join(', ');
  const needed = question.needs > 1 ? `, ${question.needs} needed` : '';
  const barred = question.barred === null ? '' : `; not ${question.barred}, who asked for the release`;
  return `${people}${needed}${barred}`;
}
