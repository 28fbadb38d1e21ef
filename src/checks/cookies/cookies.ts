import type { Answer, Asking, Check } from '../../release/check.ts';
import { answerOf, pending } from '../answer.ts';
import { newVisitor, visit } from '../flow/visitor.ts';
import { NoAnswer } from '../http/http-exchange.ts';
import { answerToSilence } from '../http/http-silence.ts';
import { addressOf, addressProblem } from '../http/request.ts';
import { cookieProblems, cookiesIn, flagsOf } from './cookie-judging.ts';
import type { CookiesSpec } from './cookies.schema.ts';

/** Looks at the cookies that an answer, and the redirects before it, set. */
export const cookies: Check<CookiesSpec> = { ask };

async function ask({ spec, signal }: Asking<CookiesSpec>): Promise<Answer> {
  const problem = addressProblem(spec.url);
  if (problem !== null) return pending(problem, '', 'correct the plan or the value that it refers to');
  try {
    const { got } = await visit(newVisitor(), spec, { follow: spec.follow ?? 5, signal });
    return judged(spec, { status: got.status, setCookies: got.setCookies });
  } catch (error) {
    if (error instanceof NoAnswer) return answerToSilence(addressOf(spec.url), error, spec.timeout);
    throw error;
  }
}

function judged(spec: CookiesSpec, { status, setCookies }: { status: number; setCookies: string[] }): Answer {
  const found = cookiesIn(setCookies);
  const others = [...found.values()].filter(({ key }) => !Object.hasOwn(spec.cookies, key));
  const open = others.filter(({ secure, sameSite }) => !secure || sameSite === undefined);
  return answerOf({
    failures: Object.entries(spec.cookies).flatMap(([name, wanted]) => cookieProblems(name, found.get(name), wanted)),
    warnings: spec.others ? open.map((cookie) => `cookie ${flagsOf(cookie)}, and should have Secure and SameSite`) : [],
    seen: [`${spec.method} ${addressOf(spec.url)} → ${status}`, ...[...found.values()].map(flagsOf)].join('\n'),
    good: `${Object.keys(spec.cookies).join(', ')} set and protected`,
    remedy: 'set Secure, HttpOnly and SameSite where the service makes its cookies',
  });
}
