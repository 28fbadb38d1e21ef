import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { referenceObjections, referencesIn } from '../../src/plan/references.ts';
import { secretObjections } from '../../src/plan/secrets.ts';
import { releaseDigest } from '../../src/release/digest.ts';
import { TargetFailure } from '../../src/release/failure.ts';
import { keptShortly } from '../../src/secrets/aws.ts';
import { knownSecrets } from '../../src/secrets/known.ts';
import { readReference, resolveReferences } from '../../src/secrets/resolve.ts';
import { findMoto } from '../support/aws/moto.ts';
import { type AwsWorld, startAws } from '../support/aws/world.ts';
import { isMissing } from '../support/tools.ts';

const moto = findMoto();
const ref = (reference: string) => `\${${reference}}`;
const digestOf = (names: { reference: string; version: string | null }[]) =>
  releaseDigest(
    {
      planDigest: 'of the plan',
      artefacts: {},
      secrets: names.map(({ reference, version }) => ({ name: reference, version: version ?? '' })),
    },
    (text) => text,
  );
const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe.skipIf(isMissing(moto))('a reference to AWS', () => {
  let aws: AwsWorld;
  let secrets: SecretsManagerClient;
  let parameters: SSMClient;
  const surroundings = () => ({ env: process.env, home: '/' });
  const read = (reference: string) => readReference(reference, surroundings());

  beforeAll(async () => {
    aws = await startAws();
    Object.assign(process.env, aws.environment);
    secrets = new SecretsManagerClient(aws.direct);
    parameters = new SSMClient(aws.direct);
    await secrets.send(
      new CreateSecretCommand({ Name: 'shop/db', SecretString: '{"user":"shop","password":"first-pw","port":5432}' }),
    );
    await secrets.send(new CreateSecretCommand({ Name: 'token', SecretString: 'a-plain-token' }));
    await secrets.send(new CreateSecretCommand({ Name: 'binary', SecretBinary: new Uint8Array([1, 2, 3]) }));
    const secure = { Name: '/shop/url', Type: 'SecureString', Value: 'postgres-address' } as const;
    await parameters.send(new PutParameterCommand(secure));
    await parameters.send(new PutParameterCommand({ Name: '/shop/bucket', Type: 'String', Value: 'shop-bucket' }));
  });
  afterEach(() => {
    aws?.faults.calm();
    vi.useRealTimers();
  });
  afterAll(() => aws?.stop());

  it('gives a whole secret, a key of it and a decrypted parameter, each with its version', async () => {
    expect(await read('aws-secret:token')).toMatchObject({ value: 'a-plain-token', version: expect.any(String) });
    expect(await read('aws-secret:shop/db#password')).toMatchObject({ value: 'first-pw' });
    expect(await read('aws-secret:shop/db#port')).toMatchObject({ value: '5432' });
    expect(await read('aws-ssm:/shop/url')).toEqual({ value: 'postgres-address', version: '1', certain: true });
    expect(await read('aws-ssm:/shop/bucket')).toEqual({ value: 'shop-bucket', version: '1' });
  });

  it.each([
    ['aws-secret:nothing/here', 'does not exist (ResourceNotFoundException)'],
    ['aws-secret:shop/db#none', 'has nothing under the key none'],
    ['aws-secret:token#key', 'is no JSON object, so it has no keys'],
    ['aws-secret:binary', 'holds binary data, which cannot be put into a text'],
    ['aws-ssm:/nothing/here', 'does not exist (ParameterNotFound)'],
  ])('says why %s has no value, and tells none', async (reference, missing) => {
    expect(await read(reference)).toEqual({ missing });
  });

  it('says what to do without credentials that hold, and without a region', async () => {
    aws.faults.expireCredentials();
    expect(await read('aws-secret:never/read')).toEqual({
      missing: expect.stringMatching(/^may not be read \(ExpiredToken.*renew the AWS credentials/),
    });
    const { AWS_REGION: _, ...env } = process.env;
    vi.stubEnv('AWS_REGION', undefined);
    const nowhere = await readReference('aws-secret:token', { env, home: '/' });
    vi.unstubAllEnvs();
    expect(nowhere).toEqual({ missing: expect.stringContaining('AWS_REGION where the worker runs') });
  });

  it('costs one call for all activities of a moment', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    later(60_000);
    aws.ledger.forget();
    await Promise.all([read('aws-secret:token'), read('aws-secret:token')]);
    await resolveReferences({ a: ref('aws-secret:token'), b: ref('aws-secret:token') }, surroundings());
    await knownSecrets(['aws-secret:token'], surroundings());
    expect(aws.ledger.calls()).toEqual({ GetSecretValue: 1 });
  });

  it('is approved by its version: a rotation shows soon, in what people approve', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const names = async () =>
      (await resolveReferences({ p: ref('aws-secret:shop/db#password') }, surroundings())).names;
    const before = await names();
    const rotated = { SecretId: 'shop/db', SecretString: '{"password":"second-pw"}' };
    await secrets.send(new PutSecretValueCommand(rotated));
    later(30_000);
    const after = await names();
    expect(after.map(({ reference }) => reference)).toEqual(before.map(({ reference }) => reference));
    expect(after).not.toEqual(before);
    expect(digestOf(after)).not.toBe(digestOf(before));
    expect(JSON.stringify([before, after])).not.toMatch(/first-pw|second-pw/);
    expect(await read('aws-secret:shop/db#password')).toMatchObject({ value: 'second-pw' });
  });

  it('keeps the value that it had while AWS cannot be asked', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    later(60_000);
    await read('aws-ssm:/shop/url');
    later(30_000);
    // The request is repeated by the SDK, and lost each time.
    aws.faults.loseAnswer('GetParameter', { times: 100, before: true });
    expect(await read('aws-ssm:/shop/url')).toMatchObject({ value: 'postgres-address' });
  }, 60_000);

  it('has no value any more once it is deleted', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await secrets.send(new CreateSecretCommand({ Name: 'gone', SecretString: 'soon-gone' }));
    expect(await read('aws-secret:gone')).toMatchObject({ value: 'soon-gone' });
    await secrets.send(new DeleteSecretCommand({ SecretId: 'gone' }));
    later(30_000);
    expect(await read('aws-secret:gone')).toEqual({ missing: expect.stringContaining('cannot be read') });
  });

  it('is covered wherever it turns up, and only what certainly is a secret where programs use it again', async () => {
    const known = await knownSecrets(['aws-ssm:/shop/url', 'aws-ssm:/shop/bucket', 'aws-secret:token'], {
      env: {},
      home: '/',
    });
    expect(known.all.toSorted()).toEqual(['a-plain-token', 'postgres-address', 'shop-bucket']);
    expect(known.certain.toSorted()).toEqual(['a-plain-token', 'postgres-address']);
  });
});

describe('what is read from AWS', () => {
  const failing = (kind: 'unreachable' | 'busy') => () => Promise.reject(new TargetFailure(kind, 'for a moment'));
  const value = (text: string) => async () => ({ value: text, version: null });

  it('is used for an hour after the last answer, and no longer', async () => {
    let now = 0;
    const clock = () => now;
    await keptShortly('hour', value('known'), clock);
    now = 59 * 60_000;
    expect(await keptShortly('hour', failing('unreachable'), clock)).toMatchObject({ value: 'known' });
    now = 61 * 60_000;
    await expect(keptShortly('hour', failing('unreachable'), clock)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('is tried again when it never was read', async () => {
    await expect(keptShortly('never', failing('busy'))).rejects.toMatchObject({ kind: 'busy' });
    expect(await keptShortly('never', value('now'))).toMatchObject({ value: 'now' });
  });
});

describe('a plan', () => {
  it.each([
    ['aws-secret:', 'malformed reference'],
    ['aws-secret:a b', 'malformed reference'],
    ['aws-secret:name#', 'malformed reference'],
    ['aws-ssm:', 'malformed reference'],
    ['aws-secrets:name', 'did you mean ${aws-secret:name}?'],
  ])('with %s is refused', async (reference, words) => {
    const found = referenceObjections({ url: ref(reference) });
    expect(found.map(({ message, remedy }) => `${message}; ${remedy}`).join()).toContain(words);
  });

  it('may name secrets, keys, parameters and ARNs, and lists them', () => {
    const references = [
      'aws-secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf#password',
      'aws-secret:shop/db#password',
      'aws-ssm:/shop/url:3',
    ];
    const data = references.map(ref);
    expect(referenceObjections(data)).toEqual([]);
    expect(referencesIn(data)).toEqual(references);
    expect(secretObjections({ password: ref('aws-secret:shop/db#password') })).toEqual([]);
  });
});
