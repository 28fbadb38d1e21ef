import type { Answer } from '../../release/check.ts';
import { TargetFailure } from '../../release/failure.ts';
import { answerOf, pending } from '../answer.ts';
import { textProblems } from '../http/expectations.ts';
import { removed } from '../mail/mail.ts';
import { chooseLink } from '../mail/mail-link.ts';
import { isWanted, type Message, waitForMail, wantedName } from '../mail/mail-message.ts';
import type { Mailbox } from '../mail/mailbox.ts';
import { openMailbox } from '../mail/mailboxes.ts';
import type { FlowSpec, FlowStep, MailCapture, MailStep } from './flow.schema.ts';
import { filled, type Values } from './flow-values.ts';

/** One of its own for each step, so that no step takes a message away from another. */
export type Mailboxes = Map<FlowStep, Mailbox>;

/** @throws TargetFailure where one cannot be opened; then nothing has been sent */
export async function openMailboxes(
  steps: readonly FlowStep[],
  values: Values,
  signal: AbortSignal,
): Promise<Mailboxes> {
  const opened: Mailboxes = new Map();
  try {
    for (const step of steps) {
      if ('mail' in step) opened.set(step, await openMailbox(filled(step.mail.mailbox, values).value, signal));
    }
    return opened;
  } catch (error) {
    await closeMailboxes(opened);
    throw error;
  }
}

export async function closeMailboxes(opened: Mailboxes): Promise<void> {
  await Promise.all([...opened.values()].map((each) => each.close()));
}

/** What a step of a flow uses and adds to. */
type Going = {
  mailboxes: Mailboxes;
  values: Map<string, string>;
  captured: Map<string, string>;
  lines: string[];
  warnings: string[];
  endsAt: number;
  signal: AbortSignal;
};

/** Waits for the message of a step and takes the values that later steps need. Null: the flow goes on. */
export async function takeMail(step: MailStep, spec: FlowSpec, going: Going): Promise<Answer | null> {
  const { name } = step;
  const mailbox = going.mailboxes.get(step);
  if (mailbox === undefined) throw new TypeError(`the mailbox of ${name} was not opened`);
  const { value: mail, missing } = filled(step.mail, going.values);
  if (missing.length > 0) {
    const why = `"${name}": nothing gave a value for ${missing.join(', ')}`;
    return pending(why, '', 'correct the plan or the value that it refers to');
  }
  const { value: captures } = filled(step.capture, going.values);
  try {
    return await awaited({ ...step, mail, capture: captures }, { mailbox, base: spec.base, going });
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    return pending(`"${name}": ${error.message}`, going.lines.join('\n'), error.details.remedy ?? 'see the mailbox');
  }
}

type Around = { mailbox: Mailbox; base: string | undefined; going: Going };

async function awaited({ name, mail, capture }: MailStep, { mailbox, base, going }: Around): Promise<Answer | null> {
  const begun = performance.now();
  const withinMs = Math.max(1, Math.min(mail.arrival.fail, going.endsAt - begun));
  const isIt = (one: Message): boolean => isWanted(one, mail);
  const { message, tookMs, others } = await waitForMail({ mailbox, isIt, begun, withinMs, signal: going.signal });
  const what = `a ${wantedName(mail)}`;
  const ms = Math.round(tookMs);
  if (message === null) {
    const came = others.length === 0 ? [] : [`others came: ${others.slice(-3).join('; ')}`];
    return failed([`"${name}": ${what} did not arrive within ${ms} ms`], [...going.lines, `✘ ${name}`, ...came]);
  }
  const problems = [...textProblems('the message', message.text, mail), ...taken(message, { capture, base, going })];
  const late = mail.arrival.warn !== null && tookMs > mail.arrival.warn;
  if (late) going.warnings.push(`"${name}": it took ${ms} ms to arrive, limit ${mail.arrival.warn} ms`);
  if (mail.cleanup) going.warnings.push(...(await removed(mailbox, message)));
  const line = `${name}: ${what} after ${ms} ms`;
  if (problems.length > 0) {
    return failed(
      problems.map((problem) => `"${name}": ${problem}`),
      [...going.lines, `✘ ${line}`],
    );
  }
  going.lines.push(`✔ ${line}`);
  return null;
}

function failed(failures: string[], seen: string[]): Answer {
  const remedy = 'see the log of what sends mail, its queue, and what the message says';
  return answerOf({ failures, warnings: [], seen: seen.join('\n'), good: '', remedy });
}

type Taking = { capture: MailStep['capture']; base: string | undefined; going: Going };

/** Says which values are not there, or must not be used. */
function taken(message: Message, { capture, base, going }: Taking): string[] {
  const problems: string[] = [];
  for (const [name, how] of Object.entries(capture)) {
    const found = pickedFrom(message, how, base);
    if ('problem' in found) problems.push(found.problem);
    else {
      going.values.set(name, found.value);
      going.captured.set(name, found.value);
    }
  }
  return problems;
}

function pickedFrom(
  message: Message,
  how: MailCapture,
  base: string | undefined,
): { value: string } | { problem: string } {
  if ('link' in how) {
    const hosts = how.link.hosts ?? (base !== undefined && URL.canParse(base) ? [new URL(base).host] : []);
    const link = chooseLink(message, how.link, hosts);
    return 'problem' in link ? link : { value: link.address };
  }
  if ('header' in how) {
    const value = message.headers[how.header.toLowerCase()];
    return value === undefined ? { problem: `the message has no header ${how.header}` } : { value };
  }
  const found = new RegExp(how.matches, 'mu').exec(message.text);
  if (found === null) return { problem: `the message has no match of /${how.matches}/` };
  return { value: found[1] ?? found[0] };
}
