import type { Json } from '../../release/json.ts';
import type { Step } from '../../release/target.ts';
import { invalidate } from '../cloudfront/invalidation.ts';
import { beginAtService } from './attempt.ts';
import { oldTasksLeft } from './deploy.ts';
import type { EcsCall } from './look.ts';

/** Empties the cache in front of the service, once no old task answers any more: it would fill with old answers. */
export async function invalidateAfter(call: EcsCall): Promise<Step<Json>> {
  const { invalidate: order, region, endpoint, profile } = call.spec;
  if (order === null) return { state: 'done', value: null };
  const { scene } = await beginAtService(call);
  const left = await oldTasksLeft(call, scene);
  if (left > 0) return { state: 'working', detail: `${left} old tasks still answer`, lookAgainMs: 2_000 };
  const step = await invalidate(call, { ...order, place: { region, endpoint, profile }, reference: 'forward' });
  return step.state === 'done' ? { state: 'done', value: step.value } : step;
}
