import type { Path } from '../problem.ts';
import { hasReference } from '../references.ts';
import { eachText } from '../walk.ts';
import type { Rule, Saying } from './rule.ts';

const secretKey = /(^|[_-])(password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|credentials?)$/i;
const camelSecretKey = /(Password|Secret|Token|ApiKey|PrivateKey|AccessKey)$/;
const passwordInUrl = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^@\s/]+)@/i;
const authorization = /^(Basic|Bearer) \S+/i;
const secretArgument = /^--?(password|passwd|token|secret|api-?key)=(.+)$/i;

/** A plan is stored in Temporal's history and shown to people, so a secret may only be referred to. The value is never repeated. */
const secretsInTheClear: Rule = {
  name: 'secrets-in-the-clear',
  severity: 'error',
  look: ({ data }) => {
    const found: Saying[] = [];
    eachText(data, (text, path) => {
      const what = hasReference(text) ? null : secretIn(text, path);
      if (what !== null) found.push({ path, message: `${what} is written in the clear`, remedy: 'use ${env:NAME} or ${file:path}' });
    });
    return found;
  },
};

function secretIn(text: string, path: Path): string | null {
  if (passwordInUrl.test(text)) return 'a password in an address';
  if (secretArgument.test(text)) return 'a secret in an argument';
  const key = path.findLast((part) => typeof part === 'string') ?? '';
  const isKey = path.at(-1) === key && (secretKey.test(key) || camelSecretKey.test(key));
  if (isKey && text !== '') return 'a secret';
  return /^authorization$/i.test(key) && authorization.test(text) ? 'a secret' : null;
}

export const secretRules: readonly Rule[] = [secretsInTheClear];
