import type { Objection, Path } from './problem.ts';
import { hasReference } from './references.ts';
import { eachText } from './walk.ts';

const secretKey =
  /(^|[_-])(password|passwd|passphrase|secret|token|bearer|api[_-]?key|private[_-]?key|access[_-]?key|credentials?)$/i;
const camelSecretKey = /(Password|Secret|Token|ApiKey|PrivateKey|AccessKey)$/;
const passwordInUrl = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^@\s/]+)@/i;
const authorization = /^(Basic|Bearer) \S+/i;
const secretArgument = /^--?(password|passwd|token|secret|api-?key)=(.+)$/i;

/** A plan is stored in Temporal's history and shown to people, so a secret may only be referred to. The value is never repeated. */
export function secretObjections(data: unknown): Objection[] {
  const found: Objection[] = [];
  eachText(data, (text, path) => {
    const what = hasReference(text) || standsForAnother(text) ? null : secretIn(text, path);
    if (what === null) return;
    const message = `${what} is written in the clear`;
    const remedy = 'use ${env:NAME} or ${file:path}';
    found.push({ rule: 'secrets-in-the-clear', severity: 'error', path, at: 'value', message, remedy });
  });
  return found;
}

/** `{{token}}` is a value that a flow captured, `$.token` a path to one. */
function standsForAnother(text: string): boolean {
  return /\{\{\s*[\w-]+\s*\}\}|^\$[.[]/.test(text);
}

function secretIn(text: string, path: Path): string | null {
  if (passwordInUrl.test(text)) return 'a password in an address';
  if (secretArgument.test(text)) return 'a secret in an argument';
  const key = path.findLast((part) => typeof part === 'string') ?? '';
  const isKey = path.at(-1) === key && (secretKey.test(key) || camelSecretKey.test(key));
  if (isKey && text !== '') return 'a secret';
  return /^authorization$/i.test(key) && authorization.test(text) ? 'a secret' : null;
}
