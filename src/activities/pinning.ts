import { createHash } from 'node:crypto';
import type { PinnedSecret } from '../release/digest.ts';
import { releaseDigest } from '../release/digest.ts';
import type { Json } from '../release/json.ts';
import type { Plan } from '../release/plan.ts';
import { resolveReferences } from '../secrets/resolve.ts';
import { atBoundary } from './boundary.ts';
import type { PinInput } from './inputs.ts';

/**
 * The digest that people approve: plan, version, everything that `prepare` pinned, secrets by name and version. A
 * reference without a value anywhere in the plan is found here, before anybody is asked.
 */
export async function pin({ planDigest, place, artefacts, plan }: PinInput): Promise<{ digest: string }> {
  return await atBoundary(async () => {
    const { names } = await resolveReferences(specsOf(plan), { env: process.env, home: place.home });
    const secrets: PinnedSecret[] = names.map(({ reference, version }) => ({
      name: reference,
      version: version ?? '',
    }));
    const pinned = Object.fromEntries(artefacts.map(({ target, artefact }) => [target, artefact]));
    return { digest: releaseDigest({ planDigest, artefacts: pinned, secrets }, sha256) };
  });
}

/** Every part of the plan that may hold references, under names that people know. */
function specsOf(plan: Plan): Json {
  const named = (parts: readonly { name: string; spec: Json }[]): Json =>
    Object.fromEntries(parts.map(({ name, spec }) => [name, spec]));
  return {
    targets: named(plan.targets),
    checks: named([...plan.steps.flatMap(({ checks }) => checks), ...(plan.watch?.checks ?? [])]),
    performance: named(plan.steps.flatMap(({ requests }) => requests)),
    measurements: plan.steps.flatMap(({ measurements = [] }) => measurements).map(({ spec }) => spec),
    watch: named(plan.watch?.probe ? [plan.watch.probe] : []),
    notify: named(plan.notify),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
