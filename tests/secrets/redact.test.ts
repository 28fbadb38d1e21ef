import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactor } from '../../src/secrets/redact.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('redaction', () => {
  const url = 'postgres://shop:p%40ss%2Fw%C3%B6rd!@db.example.org:5432/shop';
  const redact = redactor([url, 's3cr3t "quoted"\\\n']);

  test.each([
    ['the whole address', url],
    ['its password as written', 'login failed: p%40ss%2Fw%C3%B6rd!'],
    ['its password decoded', 'login failed: p@ss/wörd!'],
    ['its password encoded in small letters', 'p%40ss%2fw%c3%b6rd!'],
    ['user and password', 'shop:p@ss/wörd!'],
    ['the same as basic authorisation', `Basic ${base64('shop:p@ss/wörd!')}`],
    ['base64 of something longer, 1', base64('x p@ss/wörd! y')],
    ['base64 of something longer, 2', base64('xx p@ss/wörd! y')],
    ['base64 of something longer, 3', base64('xxx p@ss/wörd! y')],
  ])('covers %s', (_name, text) => {
    const out = redact(text);
    expect(out).toContain('[redacted]');
    for (const part of ['wörd', 'w%C3', 'w%c3', 'd8O2cm', '/w']) expect(out).not.toContain(part);
  });

  test('covers JSON inside JSON, form fields and keys', () => {
    const secret = 's3cr3t "quoted"\\\n';
    const nested = JSON.stringify({ log: JSON.stringify({ secret }) });
    const out = redact({ nested, [secret]: [{ deep: `a${encodeURIComponent(secret)}b` }] });
    expect(out).toEqual({
      nested: '{"log":"{\\"secret\\":\\"[redacted]\\"}"}',
      '[redacted]': [{ deep: 'a[redacted]b' }],
    });
    expect(redact(new URLSearchParams({ secret }).toString())).not.toContain('quoted');
  });

  test('covers the half of a secret that a cut text still shows', () => {
    const cut = redactor(['correct-horse-battery']);
    expect(cut('password is correct-horse…')).toBe('password is [redacted]…');
    expect(cut('...horse-battery was wrong')).toBe('...[redacted] was wrong');
    expect(cut('nothing to hide…')).toBe('nothing to hide…');
  });

  test('covers the half of a secret at the end of a long text, which may have been cut there', () => {
    const cut = redactor(['correct-horse-battery', 'postgres://shop:tr0ub4dor-and-3@db.example.org/shop_production']);
    const long = 'x'.repeat(100);
    expect(cut(`${long} correct-horse`)).toBe(`${long} [redacted]`);
    expect(cut(`horse-battery ${long}`)).toBe(`[redacted] ${long}`);
    expect(cut(`${long} postgres://shop:tr0ub4do`)).toBe(`${long} postgres://shop:[redacted]`);
    // Words that every address shares, and short texts, stay readable.
    expect(cut(`shop_production ${long} postgres`)).toBe(`shop_production ${long} postgres`);
    expect(cut('is it correct')).toBe('is it correct');
  });

  test('covers a secret whose white space was changed on the way', () => {
    const cover = redactor(['two\twords\nand-more\u0007']);
    for (const text of ['two words and-more\u0007', 'two words and-more', 'two\twords\nand-more']) {
      expect(cover(`said ${text}`)).toBe('said [redacted]');
    }
  });

  test('covers each line of a key file', () => {
    const line = 'MIIEvQIBADANBgkqhkiG9w0B';
    const pem = `-----BEGIN PRIVATE KEY-----\n${line}\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----`;
    expect(redactor([pem])(`> ${line}`)).toBe('> [redacted]');
  });

  test('covers two secrets that overlap as one', () => {
    expect(redactor(['abcdefgh', 'efghijkl'])('-abcdefghijkl-')).toBe('-[redacted]-');
  });

  test('leaves values alone that are too short to be secrets', () => {
    expect(redactor(['4001', 'shop', ''])({ port: '4001', n: 4001, name: 'shop' })).toEqual({
      port: '4001',
      n: 4001,
      name: 'shop',
    });
  });

  test('a short password in an address is covered together with its user', () => {
    expect(redactor(['http://joe:abc@host/'])('at http://joe:abc@host/x, abc')).not.toContain('joe:abc');
  });

  const secretText = fc
    .string({ minLength: 6, maxLength: 40, unit: 'grapheme' })
    .filter((text) => !'[redacted]'.includes(text));
  const withSecrets = secretText.chain((secret) => {
    const leaf = fc
      .tuple(fc.string(), fc.constantFrom(...disguises(secret)), fc.string())
      .map((parts) => parts.join(''));
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.integer(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(leaf, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    return fc.record({ secret: fc.constant(secret), json });
  });

  function disguises(secret: string): string[] {
    return [secret, encodeURIComponent(secret), base64(secret), JSON.stringify(secret).slice(1, -1)];
  }

  test('no secret survives in any nested JSON', () => {
    fc.assert(
      fc.property(withSecrets, ({ secret, json }) => {
        const texts = stringsOf(redactor([secret])(json));
        for (const form of disguises(secret)) expect(texts.filter((text) => text.includes(form))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('no password of an address survives in any nested JSON', () => {
    const password = fc
      .string({ minLength: 4, maxLength: 30, unit: 'grapheme' })
      .filter((text) => !'[redacted]'.includes(text));
    fc.assert(
      fc.property(password, fc.string(), fc.string(), (secret, before, after) => {
        const address = `https://user:${encodeURIComponent(secret)}@host.example/path`;
        const out = redactor([address])([`${before}${secret}${after}`, base64(`user:${secret}`), address]);
        for (const text of out) {
          expect(text).not.toContain(secret);
          expect(text).not.toContain(base64(`user:${secret}`));
        }
      }),
      { numRuns: 300 },
    );
  });
});

function stringsOf(json: unknown): string[] {
  if (typeof json === 'string') return [json];
  if (Array.isArray(json)) return json.flatMap(stringsOf);
  if (json === null || typeof json !== 'object') return [];
  return Object.entries(json).flatMap(([key, value]) => [key, ...stringsOf(value)]);
}
