/**
 * Values shorter than this are not covered: they are ports, flags and names, and covering `4001` or `shop` everywhere
 * would make every message unreadable. A password inside an address is known to be one and covered from 4 on;
 * shorter ones are covered together with the user's name. Digests of secrets never leave the target either way.
 */
export const shortestSecret = 6;
export const shortestPassword = 4;
/** Lines of a key file are covered one by one; shorter lines are not unique enough. */
const shortestLine = 16;

/** Every text under which `secret` may turn up in a log, an error or an answer, longest first. */
export function secretForms(secret: string): string[] {
  const texts = [
    ...longEnough([secret, decoded(secret)], shortestSecret),
    ...longEnough(lines(secret), shortestLine),
    ...addressParts(secret),
  ];
  const forms = new Set(texts.flatMap(encodings));
  return [...forms].sort((a, b) => b.length - a.length);
}

/** As `secretForms`, of the part that matters: an address begins and ends with words that are nobody's secret. */
export function coreForms(secret: string): string[] {
  const passwords = addressPasswords(secret);
  return passwords.length === 0 ? secretForms(secret) : [...new Set(passwords.flatMap(encodings))];
}

function longEnough(texts: readonly string[], least: number): string[] {
  return texts.filter((text) => text.length >= least);
}

function lines(secret: string): string[] {
  const all = secret.split(/\r?\n/).map((line) => line.trim());
  return all.length > 1 ? all.filter((line) => !line.startsWith('-----')) : [];
}

/** The password and `user:password` of an address, as written and decoded. */
function addressParts(secret: string): string[] {
  const passwords = addressPasswords(secret);
  if (passwords.length === 0) return [];
  const { username, password } = new URL(secret);
  const pairs = [userinfo(secret), `${username}:${password}`, `${decoded(username)}:${decoded(password)}`];
  return [...longEnough(passwords, shortestPassword), ...longEnough(pairs, shortestPassword)];
}

/** The parser encodes on its own account, so what the user wrote is taken from the text as well. */
function addressPasswords(secret: string): string[] {
  if (!URL.canParse(secret)) return [];
  const { password } = new URL(secret);
  if (password === '') return [];
  const written = userinfo(secret);
  return [password, written.slice(written.indexOf(':') + 1), decoded(password)];
}

function userinfo(secret: string): string {
  return /^[^/]*\/\/([^/?#]*)@/.exec(secret)?.[1] ?? '';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A text as it is, and as it is left over where messages are put on one line or freed from control characters. */
function encodings(text: string): string[] {
  const line = text.replace(/\s+/g, ' ').trim();
  const shown = [text, line, ...[text, line].map((each) => each.replace(/[^\P{Cc}\n\t]/gu, ''))];
  return [...new Set(shown)].flatMap(encodingsOf);
}

function encodingsOf(text: string): string[] {
  const percent = percentEncoded(text);
  const json = JSON.stringify(text).slice(1, -1);
  return [
    text,
    ...percent,
    ...percent.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    json,
    JSON.stringify(json).slice(1, -1),
    ...base64Forms(text),
  ];
}

function percentEncoded(text: string): string[] {
  try {
    return [encodeURIComponent(text), encodeURI(text), new URLSearchParams({ '': text }).toString().slice(1)];
  } catch {
    // A lone surrogate has no encoding, so it cannot turn up encoded either.
    return [];
  }
}

/** Base64 of the text itself and of the text inside something longer, at each of the three alignments. */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const forms: string[] = [bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, '')];
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Characters that share bits with a neighbour differ from text to text and are left out.
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    const inner = encoded.slice(from, to);
    if (inner.length >= shortestSecret) forms.push(inner);
  }
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}
