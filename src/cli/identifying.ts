import type { AwsPlace } from '../aws/place.ts';
import type { Plan } from '../release/plan.ts';
import { awsPlaces } from './aws-places.ts';
import type { Finding } from './examining.ts';
import { told } from './failing.ts';
import type { Io } from './io.ts';
import { valuesIn } from './reaching.ts';

const patienceMs = 15_000;

/** Whose credentials are used in each place of AWS that the plan speaks to. The worker may have others. */
export async function identityFindings(io: Io, plan: Plan): Promise<Finding[]> {
  const places = await Promise.all(awsPlaces(plan).map((place) => valuesIn(io, plan.home, place)));
  const usable = places.filter(({ missing }) => missing.length === 0).map(({ spec }) => spec as AwsPlace);
  return await Promise.all(usable.map(identityFinding));
}

/** Never a key, and no session: it may be the name of a person. */
async function identityFinding(place: AwsPlace): Promise<Finding> {
  const where = place.region === null ? 'AWS' : `AWS in ${place.region}`;
  const { identityAt } = await import('../aws/identity.ts');
  try {
    const { account, who } = await identityAt(place, AbortSignal.timeout(patienceMs));
    return { about: 'aws', status: 'PASS', what: `you are ${who} of account ${account} for ${where}` };
  } catch (error) {
    const { message, remedy, kind } = told(error);
    if (kind === 'unexpected' && !isAbort(error)) throw error;
    const what = `${where} does not say who you are: ${message}`;
    return { about: 'aws', status: 'WARN', what, ...(remedy === null ? {} : { remedy }) };
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
