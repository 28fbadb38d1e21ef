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

type Part = { name: string; spec: Json };

/** Every part of the plan that may hold references, under names that people know. */
function specsOf({ targets, steps, watch, notify }: Plan): Json {
  const rehearsals = steps.flatMap(({ rehearsal }) => [...(rehearsal?.checks ?? []), ...(rehearsal?.writes ?? [])]);
  const watched = [...(watch?.checks ?? []), ...(watch?.throughout?.checks ?? [])];
  return {
    targets: named(targets),
    checks: named([...steps.flatMap(({ checks }) => checks), ...watched]),
    rehearsal: named(rehearsals),
    performance: named(steps.flatMap(({ requests, measurements = [] }) => [...requests, ...measurements])),
    watch: named(watch?.probe ? [watch.probe] : []),
    notify: named(notify),
  };
}

/** Checks of different points may have one name; none hides what another refers to. */
function named(parts: readonly Part[]): Json {
  const found = new Map<string, Json[]>();
  for (const { name, spec } of parts) found.set(name, [...(found.get(name) ?? []), spec]);
  return Object.fromEntries(
    [...found].map(([name, [first = null, ...more]]) => [name, more.length === 0 ? first : [first, ...more]]),
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
