import type { AwsPlace } from '../aws/place.ts';
import type { Json } from '../release/json.ts';
import type { Plan } from '../release/plan.ts';

/** Everything in the plan that speaks to AWS has these three fields. */
const fields = ['region', 'endpoint', 'profile'] as const;

/** The places in AWS that the plan speaks to, each once. References in them are still references. */
export function awsPlaces(plan: Plan): AwsPlace[] {
  const watched = [...(plan.watch?.checks ?? []), ...(plan.watch?.throughout?.checks ?? [])];
  const checks = [...plan.steps.flatMap((step) => step.checks), ...watched];
  const places = [...plan.targets, ...checks].flatMap(({ spec }) => placeIn(spec) ?? []);
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}

function placeIn(spec: Json): AwsPlace | null {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return null;
  if (!fields.every((field) => field in spec)) return null;
  const [region = null, endpoint = null, profile = null] = fields.map((field) => {
    const value = spec[field];
    return typeof value === 'string' ? value : null;
  });
  return { region, endpoint, profile };
}
