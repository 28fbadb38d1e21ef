import type { PlannedRehearsal } from '../release/plan.ts';
import type { WrittenRehearsal } from './schema/rehearse.schema.ts';
import { checksOf, plannedCheck } from './written.ts';

/** Null: nothing is rehearsed. */
export function plannedRehearsal(written: WrittenRehearsal | undefined): PlannedRehearsal | null {
  if (written === undefined || written === false) return null;
  if (written === true) return { service: null, variable: '', checks: [], writes: [] };
  const { service, variable, checks, writes } = written;
  const planned = (list: readonly unknown[]) => checksOf(list).map(plannedCheck);
  return { service, variable, checks: planned(checks), writes: planned(writes) };
}
