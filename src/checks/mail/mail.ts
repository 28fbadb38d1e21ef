import type { Answer, Asking, Check } from '../../release/check.ts';
import { TargetFailure } from '../../release/failure.ts';
import { answerOf, excerpt, pending } from '../answer.ts';
import { filled, startingValues } from '../flow/flow-values.ts';
import { textProblems } from '../http/expectations.ts';
import { NoAnswer } from '../http/http-exchange.ts';
import { answerToSilence } from '../http/http-silence.ts';
import { addressProblem } from '../http/request.ts';
import { type Found, missed } from '../limits.ts';
import { masked } from '../logs/log-lines.ts';
import type { MailSpec } from './mail.schema.ts';
import { chooseLink, followLink } from './mail-link.ts';
import { isWanted, type Message, waitForMail, wantedName } from './mail-message.ts';
import type { Mailbox } from './mailbox.ts';
import { openMailbox } from './mailboxes.ts';
import { type Sent, sendTrigger } from './trigger.ts';

/** Makes the application send a message, waits until it arrives, and opens its link. */
export const mail: Check<MailSpec> = { ask };

async function ask({ spec: written, signal }: Asking<MailSpec>): Promise<Answer> {
  const { value: spec, missing } = filled(written, startingValues(written.values));
  const url = spec.trigger?.url;
  const unusable =
    missing.length > 0
      ? `nothing gives a value for ${missing.join(', ')}`
      : url === undefined
        ? null
        : addressProblem(url);
  if (unusable !== null) return pending(unusable, '', 'correct the plan or the value that it refers to');
  // Opened first, so that nothing is sent where nobody could see it arrive, and what is there now is old.
  const mailbox = await openMailbox(spec.mailbox, signal);
  try {
    const sent = await sendTrigger(spec.trigger, signal);
    if ('answer' in sent) return sent.answer;
    return await awaited(spec, { mailbox, sent, signal });
  } finally {
    await mailbox.close();
  }
}

type Around = { mailbox: Mailbox; sent: Sent; signal: AbortSignal };

async function awaited(spec: MailSpec, { mailbox, sent, signal }: Around): Promise<Answer> {
  const { arrival } = spec;
  const name = wantedName(spec);
  const order = {
    mailbox,
    isIt: (one: Message) => isWanted(one, spec),
    begun: sent.at,
    withinMs: arrival.fail,
    signal,
  };
  const { message, tookMs, others } = await waitForMail(order);
  const seen = [...sent.lines, ...(others.length === 0 ? [] : [`others came: ${others.slice(-3).join('; ')}`])];
  if (message === null) {
    return answerOf({
      failures: [`no ${name} arrived within ${arrival.fail} ms`],
      warnings: [],
      seen: seen.join('\n') || 'the mailbox got nothing',
      good: '',
      remedy: 'see the log of what sends mail, its queue, and the folder for spam',
    });
  }
  const found = await judgedAndRemoved(message, spec, { mailbox, sent, signal });
  const late = missed(
    { ...arrival, fail: null },
    (limit) => tookMs > limit,
    (limit) => `it took ${Math.round(tookMs)} ms to arrive, limit ${limit} ms`,
  );
  const arrived = `it arrived after ${Math.round(tookMs)} ms: ${excerpt(masked(message.subject), 80)}`;
  return answerOf({
    failures: found.failures,
    warnings: [...found.warnings, ...late.warnings],
    seen: [...sent.lines, arrived, ...found.seen].join('\n'),
    good: `a ${name} arrived after ${Math.round(tookMs)} ms${spec.follow === undefined ? '' : ', and its link works'}`,
    remedy: 'see what the message says and where its link leads; the mailbox still has it unless `cleanup` is set',
  });
}

async function judgedAndRemoved(message: Message, spec: MailSpec, around: Around): Promise<Found & { seen: string[] }> {
  const { mailbox, signal } = around;
  try {
    const found = await judged(message, spec, around);
    return spec.cleanup ? { ...found, warnings: [...found.warnings, ...(await removed(mailbox, message))] } : found;
  } catch (error) {
    if (spec.cleanup && !signal.aborted) await removed(mailbox, message);
    throw error;
  }
}

/** What stays in a mailbox is worth knowing and no more. */
export async function removed(mailbox: Mailbox, { id }: Message): Promise<string[]> {
  try {
    await mailbox.remove(id);
    return [];
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    return [`the message could not be removed: ${error.message}`];
  }
}

async function judged(message: Message, spec: MailSpec, { signal }: Around): Promise<Found & { seen: string[] }> {
  const problems = textProblems('the message', message.text, spec);
  const { follow } = spec;
  if (follow === undefined) return { failures: problems, warnings: [], seen: [] };
  const hosts = follow.hosts ?? (spec.trigger === undefined ? [] : [new URL(spec.trigger.url).host]);
  const link = chooseLink(message, follow, hosts);
  if ('problem' in link) return { failures: [...problems, link.problem], warnings: [], seen: [] };
  try {
    const { failures, warnings, seen } = await followLink(link.address, { follow, hosts }, signal);
    return { failures: [...problems, ...failures], warnings, seen: [seen] };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const { summary, status } = answerToSilence(new URL(link.address).origin, error, follow.timeout);
    // The message did arrive, so what is not known is only the link.
    if (status === 'PENDING') throw new TargetFailure('unreachable', `the link could not be opened: ${summary}`);
    return { failures: [...problems, `the link: ${summary}`], warnings: [], seen: [] };
  }
}
