import { z } from 'zod';
import { duration, flag, text, url } from '../../plan/words.schema.ts';
import { pattern, textPiece, textPieces } from '../http/expectations.schema.ts';
import { answerExpectations } from '../http/http.schema.ts';
import { hasOneBody, oneBody, requestFields } from '../http/request.schema.ts';
import type { Limits } from '../limits.schema.ts';

const imap = z.strictObject({
  imap: z
    .string()
    .regex(/^(imaps?:\/\/[^\s@]+|\S*\$\{[^}]+\}\S*)$/, {
      error: 'must be an address such as imaps://mail.example:993, without user and password',
    })
    .describe('Address of the server: imaps:// for TLS, imap:// for STARTTLS where it is offered'),
  user: text.describe('User name'),
  password: text.describe('Password; give it as a reference'),
  folder: text.default('INBOX').describe('Folder where messages arrive, default INBOX'),
  ca: text.optional().describe('Certificates (PEM) trusted instead of the public ones; give a file reference'),
});

const mailpit = z.strictObject({
  mailpit: url.describe('Address of a Mailpit, which catches mail'),
  ca: text.optional().describe('Certificates (PEM) trusted instead of the public ones; give a file reference'),
});

/** Where messages arrive. */
const mailbox = z.union([imap, mailpit], {
  error: 'must be { imap, user, password } or { mailpit }',
});
export type MailboxSpec = z.output<typeof mailbox>;
export type ImapSpec = z.output<typeof imap>;
export type MailpitSpec = z.output<typeof mailpit>;

/** How long something may take to arrive; there is always an end. */
export const arrival = z
  .union([
    duration.transform((fail) => ({ warn: null, fail })),
    z
      .strictObject({
        warn: duration.optional().describe('Later is a WARN'),
        fail: duration.default(60_000).describe('Later is a FAIL. Default 60s'),
      })
      .transform(({ warn, fail }) => ({ warn: warn ?? null, fail })),
  ])
  .transform((limits): Arrival => limits)
  .default({ warn: null, fail: 60_000 })
  .describe('How long it may take: a time, or { warn, fail }. Default 60s');
export type Arrival = Limits & { fail: number };

/** Which message it is. One that was there before the check began never counts. */
export const messageFields = {
  mailbox: mailbox.describe('Where it arrives'),
  to: textPiece.optional().describe('Address that it is sent to, or { matches }'),
  from: textPiece.optional().describe('Address that it comes from, or { matches }'),
  subject: textPiece.optional().describe('A piece of its subject, or { matches }'),
  arrival,
  text: textPieces.default([]).describe('Text that it must contain'),
  notText: textPieces.default([]).describe('Text that it must not contain'),
  cleanup: flag.default(false).describe('Whether it is removed from the mailbox afterwards. Default false'),
};

const linkFields = {
  text: text.optional().describe('Text of the link, such as Verify my address'),
  matches: pattern.optional().describe('Regular expression that its address matches'),
};

type WrittenLink = { text?: unknown; matches?: unknown };
const hasOneLink = ({ text: words, matches }: WrittenLink): boolean =>
  (words === undefined) !== (matches === undefined);
const oneLink = { path: ['matches'], error: 'must be given, or text instead, and not both' };

const hosts = z
  .array(
    text.regex(/^[^/\s]+$/, { error: 'must be a name of a host, such as shop.example, without https:// and path' }),
  )
  .min(1, { error: 'must hold at least one host' })
  .optional();

/** A link of a message whose address is kept and not followed. */
export const keptLink = z
  .strictObject({
    ...linkFields,
    hosts: hosts.describe('Hosts that it may lead to. Default the one of `base`'),
  })
  .refine(hasOneLink, oneLink);

const followedLink = z
  .strictObject({
    ...linkFields,
    hosts: hosts.describe('Hosts that it may lead to, also by a redirect. Default the one of `trigger`'),
    timeout: duration.default(10_000).describe('Patience for each answer, default 10s'),
    ca: requestFields.ca,
    expect: answerExpectations.prefault({}).describe('What the answer must be, default any 2xx'),
  })
  .refine(hasOneLink, oneLink);
export type FollowedLink = z.output<typeof followedLink>;
export type LinkWanted = Pick<FollowedLink, 'text' | 'matches' | 'hosts'>;

/** A request that makes the application do something, and what its answer must be. */
export const trigger = z
  .strictObject({
    ...requestFields,
    expect: answerExpectations.prefault({}).describe('What the answer must be, default any 2xx'),
  })
  .refine(hasOneBody, oneBody);
export type TriggerSpec = z.output<typeof trigger>;

export const valuesField = z
  .record(text, z.string())
  .default({})
  .describe('Values for the other texts as `{{name}}`; `unique` is another one in each run');

/** For `.refine`: any message at all is no message. */
export function saysWhich({ to, from, subject }: { to?: unknown; from?: unknown; subject?: unknown }): boolean {
  return [to, from, subject].some((each) => each !== undefined);
}

export const which = { path: ['to'], error: 'must be given, or from or subject: any message at all would do' };

const message = z.strictObject(messageFields);
export type MessageWanted = z.output<typeof message>;

/** A message arrives, and its link works. */
export const mailSchema = z
  .strictObject({
    ...messageFields,
    values: valuesField,
    trigger: trigger.optional().describe('Request that makes the application send it. Default it is sent anyway'),
    follow: followedLink.optional().describe('Link of the message that is opened'),
  })
  .refine(saysWhich, which)
  .refine(({ trigger: sends, follow }) => follow === undefined || sends !== undefined || follow.hosts !== undefined, {
    path: ['follow', 'hosts'],
    error: 'must be given where there is no trigger: a link is opened on an expected host only',
  });

export type MailSpec = z.output<typeof mailSchema>;
