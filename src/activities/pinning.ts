import { createHash } from 'node:crypto';
import type { PinnedSecret } from '../release/digest.ts';
import { releaseDigest } from '../release/digest.ts';
import { resolveReferences } from '../secrets/resolve.ts';
import { atBoundary } from './boundary.ts';
import type { PinInput } from './inputs.ts';

/** The digest that people approve: plan, version, everything that `prepare` pinned, secrets by name and version. */
export async function pin({ planDigest, place, artefacts, plan }: PinInput): Promise<{ digest: string }> {
  return await atBoundary(async () => {
    const secrets = new Map<string, PinnedSecret>();
    for (const { spec } of plan.targets) {
      const { names } = await resolveReferences(spec, { env: process.env, home: place.home });
      for (const { reference, version } of names) secrets.set(reference, { name: reference, version: version ?? '' });
    }
    const pinned = Object.fromEntries(artefacts.map(({ target, artefact }) => [target, artefact]));
    return { digest: releaseDigest({ planDigest, artefacts: pinned, secrets: [...secrets.values()] }, sha256) };
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
