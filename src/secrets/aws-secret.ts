import { clientsOf } from '../aws/client.ts';
import { keptShortly, missingBecause, placeFor } from './aws.ts';
import type { Found, Missing, Surroundings } from './reference.ts';

/**
 * `${aws-secret:name}`, or `${aws-secret:name#key}` for one key of a secret that is a JSON object. The name may be an
 * ARN. The version is the VersionId of what is current, so what people approve names it.
 */
export async function readAwsSecret(reference: string, surroundings: Surroundings): Promise<Found | Missing> {
  const [name = '', key] = reference.split('#');
  const place = placeFor(name, surroundings);
  const found = await keptShortly(JSON.stringify(['aws-secret', place, name]), () => readWhole(name, place));
  if ('missing' in found || key === undefined) return found;
  return underKey(found, key);
}

async function readWhole(name: string, place: ReturnType<typeof placeFor>): Promise<Found | Missing> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const { read } = clientsOf('secretsmanager', place, (config) => new SecretsManagerClient(config));
  try {
    const { SecretString, VersionId } = await read.send(new GetSecretValueCommand({ SecretId: name }));
    if (SecretString === undefined) return { missing: 'holds binary data, which cannot be put into a text' };
    if (SecretString === '') return { missing: 'is empty' };
    return { value: SecretString, version: VersionId ?? null, certain: true };
  } catch (error) {
    return missingBecause(error, 'secretsmanager:GetSecretValue');
  }
}

/** Why it is no JSON is not told: the parser would quote the value. */
function underKey({ value, version }: Found, key: string): Found | Missing {
  let whole: unknown;
  try {
    whole = JSON.parse(value);
  } catch {
    return { missing: 'is no JSON object, so it has no keys' };
  }
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) {
    return { missing: 'is no JSON object, so it has no keys' };
  }
  const found: unknown = Object.hasOwn(whole, key) ? Reflect.get(whole, key) : undefined;
  if (found === undefined || found === null || found === '') return { missing: `has nothing under the key ${key}` };
  return { value: typeof found === 'string' ? found : JSON.stringify(found), version, certain: true };
}
