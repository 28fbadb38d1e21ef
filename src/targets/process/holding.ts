import type { Json } from '../../release/json.ts';
import type { Step } from '../../release/target.ts';
import { takeFile } from '../shell/files.ts';
import { bringUp } from './bring-up.ts';
import { begin, keepJson, type ProcessCall } from './place.ts';
import { asJson, type Held, manifestOf, readHeld, stateNow } from './proof.ts';
import { stopServices } from './services.ts';
import { lead, look } from './switching.ts';

/** Leads users to maintenance and stops every process of the target, ready ones too: any of them might write. */
export async function hold(call: ProcessCall): Promise<Step<Json>> {
  const attempt = await begin(call);
  const { place } = attempt;
  const scene = await look(place);
  if (scene.lead.to === 'nothing' && scene.services.length === 0) {
    return { state: 'done', value: asJson(await stateNow(call, place, scene)) };
  }
  // Written down first: from here on a savepoint describes what ran before.
  if (scene.current !== null) await keepJson(attempt, place.heldFile, await stateNow(call, place, scene));
  await lead(attempt, { to: 'maintenance' });
  await stopServices(place.root, scene.services, call.spec.stopWithin);
  const held = await readHeld(place);
  return { state: 'done', value: held === null ? null : asJson(held) };
}

/**
 * Starts what was held, and leads users to it. Where something was deployed meanwhile, that stays. Of a hold whose
 * answer was lost (`held` null) the record on disk tells.
 */
export async function resume(call: ProcessCall, held: Json): Promise<Step<null>> {
  const attempt = await begin(call);
  const { place } = attempt;
  const before = (held as Held | null) ?? (await readHeld(place));
  const done: Step<null> = { state: 'done', value: null };
  const scene = await look(place);
  const mine = scene.current?.key === call.key;
  if (before === null || before.state.install === null || (scene.current !== null && !mine)) return done;
  const manifest = await manifestOf(place, before.state.install);
  const step = await bringUp(attempt, { manifest, preferred: before.state.port, verb: 'resume' });
  if (step.state !== 'done') return step;
  await takeFile(attempt.fence, place.heldFile);
  return done;
}
