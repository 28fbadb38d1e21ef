import { clientsOf } from '../aws/client.ts';
import { keptShortly, missingBecause, placeFor } from './aws.ts';
import type { Found, Missing, Surroundings } from './reference.ts';

/**
 * `${aws-ssm:/path}`: a parameter of the Parameter Store, decrypted; `${aws-ssm:/path:3}` a version or a label of it. The
 * version is its number, so what people approve names it.
 */
export async function readAwsParameter(name: string, surroundings: Surroundings): Promise<Found | Missing> {
  const place = placeFor(name, surroundings);
  return await keptShortly(JSON.stringify(['aws-ssm', place, name]), () => readParameter(name, place));
}

async function readParameter(name: string, place: ReturnType<typeof placeFor>): Promise<Found | Missing> {
  const { SSMClient, GetParameterCommand } = await import('@aws-sdk/client-ssm');
  const { read } = clientsOf('ssm', place, (config) => new SSMClient(config));
  try {
    const { Parameter: found } = await read.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    if (found?.Value === undefined || found.Value === '') return { missing: 'is empty' };
    const version = found.Version === undefined ? null : String(found.Version);
    // Plain parameters name things that later steps compare and use again, so they stay readable there.
    return { value: found.Value, version, ...(found.Type === 'SecureString' ? { certain: true } : {}) };
  } catch (error) {
    return missingBecause(error, 'ssm:GetParameter');
  }
}
