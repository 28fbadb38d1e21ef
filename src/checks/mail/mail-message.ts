import type { Address, Email } from 'postal-mime';
import { excerpt } from '../answer.ts';
import { systemClock } from '../clock.ts';
import type { TextPiece } from '../http/expectations.schema.ts';
import { holds } from '../http/expectations.ts';
import { masked } from '../logs/log-lines.ts';
import type { MessageWanted } from './mail.schema.ts';
import type { Mailbox, Raw } from './mailbox.ts';

export type Link = { address: string; text: string };

/** A message as people read it. `text`: of its plain and its HTML part, one after the other. `links`: without repetitions. */
export type Message = {
  id: string;
  to: string[];
  from: string[];
  subject: string;
  headers: Record<string, string>;
  text: string;
  links: Link[];
};

/** Pause between two looks into a mailbox. */
const lookEveryMs = 500;

/** Reads a message with its parts decoded. */
export async function readMessage({ id, source }: Raw): Promise<Message> {
  const { default: PostalMime } = await import('postal-mime');
  const { parse } = await import('node-html-parser');
  const email = await PostalMime.parse(source);
  const html = parse(email.html ?? '');
  const inHtml = html.querySelectorAll('a[href]').map((each) => ({
    address: (each.getAttribute('href') ?? '').trim(),
    text: each.textContent.replace(/\s+/g, ' ').trim(),
  }));
  const plain = email.text ?? '';
  const inText = [...plain.matchAll(/https?:\/\/[^\s<>"']+/g)].map(([found]) => ({
    address: found.replace(/[.,;:!?)\]]+$/, ''),
    text: '',
  }));
  return {
    id,
    to: receiversOf(email),
    from: addresses([email.from, email.sender]),
    subject: email.subject ?? '',
    headers: Object.fromEntries(email.headers.map(({ key, value }) => [key.toLowerCase(), value])),
    text: [plain, html.structuredText].join('\n'),
    links: [...inHtml, ...inText],
  };
}

/** Lists of recipients hide who got it; servers write that down elsewhere. */
function receiversOf({ to = [], cc = [], bcc = [], headers }: Email): string[] {
  const written = ['delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to'];
  const delivered = headers.filter(({ key }) => written.includes(key.toLowerCase()));
  return [...addresses([...to, ...cc, ...bcc]), ...delivered.map(({ value }) => value.replace(/[<>]/g, '').trim())];
}

function addresses(written: readonly (Address | undefined)[]): string[] {
  return written
    .flatMap((each) => [each?.address, ...(each?.group ?? []).map(({ address }) => address)])
    .filter(isText);
}

function isText(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

type Which = Pick<MessageWanted, 'to' | 'from' | 'subject'>;

/** Is it the one that is waited for? Addresses are compared whole, without regard to capitals. */
export function isWanted({ to, from, subject }: Message, wanted: Which): boolean {
  const isOne = (all: string[], piece: TextPiece | undefined): boolean =>
    piece === undefined ||
    all.some((each) =>
      typeof piece === 'string'
        ? each.toLowerCase() === piece.toLowerCase()
        : new RegExp(piece.matches, 'iu').test(each),
    );
  return (
    isOne(to, wanted.to) && isOne(from, wanted.from) && (wanted.subject === undefined || holds(subject, wanted.subject))
  );
}

/** For people: which message is meant. */
export function wantedName({ to, from, subject }: Which): string {
  const say = (piece: TextPiece): string => (typeof piece === 'string' ? piece : `/${piece.matches}/`);
  return [
    'message',
    ...(to === undefined ? [] : [`to ${say(to)}`]),
    ...(from === undefined ? [] : [`from ${say(from)}`]),
    ...(subject === undefined ? [] : [`with subject ${say(subject)}`]),
  ].join(' ');
}

/** `others`: subjects of what came instead. `message`: null where it did not come. */
export type Arrived = { message: Message | null; tookMs: number; others: string[] };

type Order = {
  mailbox: Mailbox;
  isIt: (message: Message) => boolean;
  begun: number;
  withinMs: number;
  signal: AbortSignal;
};

/** Waits until it arrives. `begun`: on the stopwatch of this process, when it was sent. */
export async function waitForMail({ mailbox, isIt, begun, withinMs, signal }: Order): Promise<Arrived> {
  const others: string[] = [];
  for (;;) {
    const raws = await mailbox.fresh();
    const tookMs = performance.now() - begun;
    for (const raw of raws) {
      const message = await readMessage(raw);
      if (isIt(message)) return { message, tookMs, others };
      others.push(excerpt(masked(message.subject), 60));
    }
    if (tookMs > withinMs) return { message: null, tookMs, others };
    await systemClock.sleep(Math.max(1, Math.min(lookEveryMs, withinMs - tookMs + 1)), signal);
  }
}
