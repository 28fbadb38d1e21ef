import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TargetFailure } from '../../src/release/failure.ts';
import { resolveReferences } from '../../src/secrets/resolve.ts';

const ref = (reference: string) => `\${${reference}}`;

describe('references', () => {
  let home = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'savepoint-secrets-'));
    await writeFile(join(home, 'token'), '  from-a-file\n');
    await writeFile(join(home, 'blank'), ' \n');
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  test('all missing ones are named at once with their places, and no value of the others', async () => {
    const spec = {
      url: `postgres://${ref('env:USER_NAME')}:${ref('env:GIVEN')}@db/x`,
      env: { TOKEN: ref('env:NOT_SET'), list: ['a', ref('file:nowhere')] },
      again: ref('env:NOT_SET'),
      blank: ref('file:blank'),
      odd: ref('vault:thing'),
      proto: ref('constructor:thing'),
    };
    const env = { GIVEN: 'given-secret-value', USER_NAME: '' };
    const failure = await resolveReferences(spec, { env, home }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(TargetFailure);
    const { kind, message } = failure as TargetFailure;
    expect(kind).toBe('invalid-input');
    expect(message).toContain(`${ref('env:NOT_SET')} is not set (used in env.TOKEN, again)`);
    expect(message).toContain(`${ref('env:USER_NAME')} is not set (used in url)`);
    expect(message).toContain(`${ref('file:nowhere')} does not exist (used in env.list[1])`);
    expect(message).toContain(`${ref('file:blank')} is empty (used in blank)`);
    expect(message).toContain(
      `${ref('vault:thing')} is of an unknown kind; known are env, file, aws-secret, aws-ssm (used in odd)`,
    );
    expect(message).toContain(`${ref('constructor:thing')} is of an unknown kind`);
    expect(JSON.stringify(failure) + message).not.toContain('given-secret-value');
    expect(message).not.toContain('env:GIVEN');
  });

  test('values are put in, once, and reported as secrets beside the names that digests use', async () => {
    const resolved = await resolveReferences(
      { url: `http://h/${ref('env:A')}/${ref('env:A')}`, key: ref('file:token'), n: 1, off: null },
      { env: { A: ref('env:B') }, home },
    );
    expect(resolved.value).toEqual({
      url: `http://h/${ref('env:B')}/${ref('env:B')}`,
      key: 'from-a-file',
      n: 1,
      off: null,
    });
    expect(resolved.secrets).toEqual([ref('env:B'), 'from-a-file']);
    expect(resolved.names).toEqual([
      { reference: 'env:A', version: null },
      { reference: 'file:token', version: null },
    ]);
  });

  test('text that is no reference stays as it was written', async () => {
    const text = `$HOME \${HOME} $${ref('env:A')} $1 $&`;
    const { value } = await resolveReferences({ text, a: ref('env:A') }, { env: { A: '$& $1 x' }, home });
    expect(value).toEqual({ text: `$HOME \${HOME} ${ref('env:A')} $1 $&`, a: '$& $1 x' });
  });
});
