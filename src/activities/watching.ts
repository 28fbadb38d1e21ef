import type { Clock } from '../checks/clock.ts';
import type { WatchPoint } from '../release/status.ts';
import type { WatchInput } from './inputs.ts';

export async function watchPoint({ untilMs }: WatchInput, _clock: Clock): Promise<WatchPoint> {
  return { at: new Date(untilMs).toISOString(), samples: 0, unwatchedMs: 0, judgements: [], checks: [] };
}
