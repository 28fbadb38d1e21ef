import { type ActivityInterfaceFor, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { Activities, Place } from '../activities/inputs.ts';
import type { Certificate, DrilledCase, Unchanged } from '../release/certificate.ts';
import type { DrillCase } from '../release/drill.ts';
import { compareSeen, type Seen } from '../release/drill-status.ts';
import type { Plan, PlannedTarget } from '../release/plan.ts';
import { viewOf } from './failures.ts';

type Hands = ActivityInterfaceFor<Activities>;

/** What a drill needs for its own activities; releases have their own. */
export type Around = { plan: Plan; place: Place };

/** A content fingerprint reads every row. */
const lookPatienceMs = 60 * 60_000;

const common: ActivityOptions = {
  heartbeatTimeout: '5s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
};

function shortly({ plan }: Around, summary: string): Hands {
  const local = plan.targets.some(({ traits }) => traits.local);
  const taskQueue = local ? plan.localTaskQueue : plan.taskQueue;
  return proxyActivities<Activities>({
    ...common,
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: '5m',
    taskQueue,
    summary,
  });
}

/** Target → what was seen of it. @throws ActivityFailure when one of them cannot be looked at */
export async function lookAt(around: Around, when: string, withContent: boolean): Promise<Map<string, Seen>> {
  const seen = await Promise.all(
    around.plan.targets.map(
      async (target) => [target.name, await look(around, target, { when, withContent })] as const,
    ),
  );
  return new Map(seen);
}

async function look(
  { plan, place }: Around,
  target: PlannedTarget,
  { when, withContent }: { when: string; withContent: boolean },
): Promise<Seen> {
  const { observe } = proxyActivities<Activities>({
    ...common,
    startToCloseTimeout: lookPatienceMs,
    scheduleToCloseTimeout: 2 * lookPatienceMs,
    taskQueue: target.traits.local ? plan.localTaskQueue : plan.taskQueue,
    summary: `look at ${target.name} ${when}`,
  });
  const key = `${place.release}/${target.name}/look ${when}`;
  const fence = Date.now() * 1000;
  return await observe({ place, target, key, fence, pinned: null, patienceMs: lookPatienceMs, withContent });
}

export function compareAll({ plan }: Around, before: Map<string, Seen>, after: Map<string, Seen>): Unchanged[] {
  const nothing: Seen = { running: null, fingerprint: null };
  return plan.targets.map((target) =>
    compareSeen(target, before.get(target.name) ?? nothing, after.get(target.name) ?? nothing),
  );
}

/** Asks the release that ended how its case went; a release that cannot be asked any more failed. */
export async function readCase(around: Around, planned: DrillCase, run: { workflowId: string; runId: string }) {
  try {
    return await shortly(around, 'how did it go').readCase({ planned, ...run });
  } catch (error) {
    return failedCase(planned, `its release cannot be read: ${viewOf(error).message}`);
  }
}

export async function certify(
  around: Around,
  certificate: Omit<Certificate, 'shape'>,
): Promise<{ certificate: Certificate; files: string[] }> {
  const { plan, place } = around;
  return await shortly(around, 'write the certificate').certify({ place, plan, certificate });
}

/** A case of which no release can tell. */
export function failedCase(planned: DrillCase, problem: string): DrilledCase {
  const unknown = { release: null, runId: null, outcome: null, digest: null, tookMs: null, downtimeMs: null };
  return { ...planned, ...unknown, problem, restored: [], tidied: [], rowsLost: null };
}
