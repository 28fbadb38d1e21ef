import { showsBackward } from '../release/certificate.ts';
import { shortly } from './proxies.ts';
import { refuse } from './returning.ts';
import { record, type Story } from './state.ts';

/** Where the plan wants it, a release whose way back was not drilled lately ends before anybody is asked. */
export async function demandDrill(story: Story): Promise<void> {
  const { plan, drill, continuation } = story.input;
  if (plan.drillWithinMs === undefined || drill !== undefined) return;
  // Who finishes what another release left half way must not be held up.
  if (continuation.as === 'resume' || continuation.as === 'restore') return;
  const { readCertificates } = shortly(story, 'was the way back drilled');
  const asked = { place: story.place, plan, withinMs: plan.drillWithinMs, nowMs: Date.now() };
  const { certificate, refusal } = await readCertificates(asked);
  if (refusal === null) {
    if (certificate !== null && showsBackward(certificate, { plan, running: story.running }))
      story.status.proved = true;
    record(story, `the way back was drilled on ${certificate?.environment} at ${certificate?.endedAt}`);
    return;
  }
  story.status.failedStep = 'preflight';
  const remedy = 'drill the way back: savepoint drill --environment <one that is not production>';
  refuse(story, { kind: 'refused', message: refusal, remedy });
}
