import { query } from 'jsonpath-rfc9535';
import type { Asking } from '../../release/check.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import { exchange, NoAnswer } from '../http/http-exchange.ts';
import { pathProblem } from '../http/http-judging.ts';
import { addressOf, addressProblem } from '../http/request.ts';
import { sourcesOf } from '../sources.ts';
import type { InHttp, PlaceSpec } from './delivered.schema.ts';
import { isWanted, readMessage } from './mail-message.ts';
import { openMailbox } from './mailboxes.ts';

/** `body`: of the answer that it was found in, where it was one. */
export type Look = { found: false } | { found: true; body: string };

/** Where something has to arrive. Each look throws TargetFailure where it cannot be looked at. */
export type Place = { name: string; look(): Promise<Look>; close(removes: boolean): Promise<void> };

type Around = Pick<Asking<unknown>, 'home' | 'signal'> & { unique: string };

/**
 * Opens the place and looks once, so that nothing is sent where nobody could see it arrive.
 *
 * @throws TargetFailure where it cannot be looked at
 */
export async function openPlace(spec: PlaceSpec, around: Around): Promise<Place> {
  const place = await placeOf(spec, around);
  try {
    await place.look();
    return place;
  } catch (error) {
    await place.close(false);
    throw error;
  }
}

async function placeOf({ http, log, mail }: PlaceSpec, around: Around): Promise<Place> {
  const { home, signal, unique } = around;
  const close = async (): Promise<void> => undefined;
  if (http !== undefined) return { name: placeName(http), look: () => lookAtAnswer(http, around), close };
  if (mail !== undefined) return await mailPlace(mail, around);
  const look = async (): Promise<Look> => {
    const sources = log === undefined ? [] : await sourcesOf(log, { home, signal });
    return sources.some(({ text }) => text.includes(unique)) ? { found: true, body: '' } : { found: false };
  };
  return { name: log?.files.join(', ') || (log?.command?.[0] ?? ''), look, close };
}

function placeName({ url, at }: InHttp): string {
  const problem = addressProblem(url) ?? pathProblem(at === undefined ? [] : [at]);
  if (problem === null) return addressOf(url);
  throw new TargetFailure('invalid-input', `arrives: ${problem}`, {
    remedy: 'correct the plan or the value that it refers to',
  });
}

async function lookAtAnswer(spec: InHttp, { unique, signal }: Around): Promise<Look> {
  const { at, ...request } = spec;
  const address = addressOf(spec.url);
  const unseen = (why: string): TargetFailure =>
    new TargetFailure('unreachable', `${address} ${why}, so nobody can see what arrives`, {
      remedy: 'check its address, the access that `auth` gives, and the network of the worker',
    });
  try {
    const { status, body } = await exchange(request, 3, signal);
    // An address of its own is not there before it arrives.
    if (status === 404 && spec.url.includes(unique)) return { found: false };
    if (status < 200 || status >= 300) throw unseen(`answers ${status}`);
    if (at === undefined) return body.includes(unique) ? { found: true, body } : { found: false };
    const values = valuesAt(at, body);
    if (values === null) throw unseen('answers with something else than JSON');
    return values.some((value) => JSON.stringify(value).includes(unique)) ? { found: true, body } : { found: false };
  } catch (error) {
    if (error instanceof NoAnswer) throw unseen('does not answer');
    throw error;
  }
}

function valuesAt(path: string, body: string): Json[] | null {
  try {
    return query(JSON.parse(body), path) as Json[];
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

async function mailPlace(wanted: NonNullable<PlaceSpec['mail']>, { signal, unique }: Around): Promise<Place> {
  const mailbox = await openMailbox(wanted.mailbox, signal);
  const ids: string[] = [];
  const look = async (): Promise<Look> => {
    for (const raw of await mailbox.fresh()) {
      const message = await readMessage(raw);
      const { subject, text, to } = message;
      if (!isWanted(message, wanted) || ![subject, text, ...to].some((part) => part.includes(unique))) continue;
      ids.push(message.id);
      return { found: true, body: '' };
    }
    return { found: false };
  };
  const close = async (removes: boolean): Promise<void> => {
    try {
      if (removes && wanted.cleanup) for (const id of ids) await mailbox.remove(id);
    } finally {
      await mailbox.close();
    }
  };
  return { name: 'the mailbox', look, close };
}
