import {
  ApplicationFailure,
  CancellationScope,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Certificate, DrilledCase } from '../release/certificate.ts';
import { caseInWords, type DrillCase, drilledPlan } from '../release/drill.ts';
import { certificateFacts, type DrillStatus, drillDetails, type Seen } from '../release/drill-status.ts';
import { referencesOf } from '../release/references.ts';
import { applicationAttribute, environmentAttribute, versionAttribute } from '../release/search-attributes.ts';
import { type Around, certify, compareAll, failedCase, lookAt, readCase } from './drill-hands.ts';
import { viewOf } from './failures.ts';
import { type DrillInput, drillQuery, type ReleaseInput, releaseWorkflowId, releaseWorkflowType } from './messages.ts';

type Drilling = Around & {
  readonly input: DrillInput;
  readonly status: DrillStatus;
  /** Releases run in it; a cancel of the drill asks the one that runs to go back. */
  readonly releases: CancellationScope;
  before: Map<string, Seen>;
  cancelled: boolean;
  previousRunId: string | null;
};

/**
 * Tries the way back of a plan for real: one release after the other, each with one planted failure, and the certificate
 * of what they restored. The first case that does not end as it should ends the drill, red: the environment may not be
 * as it was. Cancelled or terminated, it leaves no release half way: the one that runs goes back.
 */
export async function drill(input: DrillInput): Promise<Certificate> {
  const drilling = openDrilling(input);
  setHandler(drillQuery, () => drilling.status, { description: 'Everything about this drill, as JSON' });
  show(drilling);
  CancellationScope.current().cancelRequested.catch(() => {
    drilling.cancelled = true;
    drilling.releases.cancel();
  });
  const certificate = await CancellationScope.nonCancellable(() => live(drilling));
  if (certificate.passed) return certificate;
  throw ApplicationFailure.create({
    message: `the drill failed: ${certificate.failure}`,
    type: 'drill-failed',
    nonRetryable: true,
    details: [certificate],
  });
}

function openDrilling(input: DrillInput): Drilling {
  const { workflowId, runId, startTime } = workflowInfo();
  const { application, environment, version, home, records } = input.plan;
  const references = referencesOf(input.plan);
  return {
    input,
    plan: input.plan,
    place: { application, environment, version, home, records, release: runId, references },
    status: {
      schemaVersion: 1,
      workflowId,
      runId,
      application,
      environment,
      version,
      startedAt: new Date(startTime).toISOString(),
      planned: input.cases,
      cases: [],
      running: null,
      certificate: null,
      files: [],
    },
    releases: new CancellationScope(),
    before: new Map(),
    cancelled: false,
    previousRunId: input.previousRunId,
  };
}

/** The server takes 400 bytes. */
const summaryLimit = 190;

function show({ status }: Drilling): void {
  setCurrentDetails(drillDetails(status));
}

async function live(drilling: Drilling): Promise<Certificate> {
  try {
    drilling.before = await lookAt(drilling, 'before the drill', true);
  } catch (error) {
    return await conclude(drilling, `the environment cannot be looked at: ${viewOf(error).message}`);
  }
  for (const planned of drilling.input.cases) {
    if (drilling.cancelled || drilling.status.cases.some(({ problem }) => problem !== null)) break;
    drilling.status.running = planned;
    show(drilling);
    drilling.status.cases.push(await tryCase(drilling, planned));
    drilling.status.running = null;
    show(drilling);
  }
  return await conclude(drilling, drilling.cancelled ? 'it was cancelled' : null);
}

async function tryCase(drilling: Drilling, planned: DrillCase): Promise<DrilledCase> {
  const run: { id: string | null } = { id: null };
  const workflowId = releaseWorkflowId(drilling.plan.application, drilling.plan.environment);
  try {
    await drilling.releases.run(async () => {
      const child = await startRelease(drilling, workflowId, planned);
      run.id = child.firstExecutionRunId;
      await child.result();
    });
  } catch (error) {
    if (run.id === null) return failedCase(planned, `its release did not start: ${viewOf(error).message}`);
    // Red or cancelled: the release itself tells what became of it.
  }
  drilling.previousRunId = run.id;
  const drilled = await readCase(drilling, planned, { workflowId, runId: run.id ?? '' });
  return drilled.problem === null ? await compared(drilling, drilled) : drilled;
}

async function startRelease({ input, status, previousRunId }: Drilling, workflowId: string, planned: DrillCase) {
  const { planDigest, requester } = input;
  const plan = drilledPlan(input.plan);
  const { application, environment, version } = plan;
  const argument: ReleaseInput = {
    plan,
    planDigest,
    requester,
    preApproved: null,
    windowOverride: null,
    continuation: { as: 'fresh' },
    previousRunId,
    drill: { id: status.runId, at: planned.at, how: planned.how },
  };
  return await startChild(releaseWorkflowType, {
    workflowId,
    args: [argument],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    memo: { requester, version, reason: `drill: ${caseInWords(planned)}`, planDigest },
    staticSummary: `drill ${version}: ${caseInWords(planned)}`.slice(0, summaryLimit),
    typedSearchAttributes: [
      { key: applicationAttribute, value: application },
      { key: environmentAttribute, value: environment },
      { key: versionAttribute, value: version },
    ],
  });
}

/** The words of a restore are not taken for it: what runs is asked for after each case. */
async function compared(drilling: Drilling, drilled: DrilledCase): Promise<DrilledCase> {
  try {
    const after = await lookAt(drilling, `after ${caseInWords(drilled)}`, false);
    const differing = compareAll(drilling, drilling.before, after).filter(({ same }) => !same);
    const words = differing.map(({ target }) => {
      const ran = drilling.before.get(target)?.running ?? 'nothing';
      return `${target} ran ${ran} before and runs ${after.get(target)?.running ?? 'nothing'} now`;
    });
    return words.length === 0 ? drilled : { ...drilled, problem: words.join('; ') };
  } catch (error) {
    return { ...drilled, problem: `what runs cannot be looked at: ${viewOf(error).message}` };
  }
}

async function conclude(drilling: Drilling, failure: string | null): Promise<Certificate> {
  const { input, status, before } = drilling;
  let stopped = failure;
  let after = before;
  try {
    if (before.size > 0) after = await lookAt(drilling, 'after the drill', true);
  } catch (error) {
    stopped ??= `the environment cannot be looked at: ${viewOf(error).message}`;
  }
  const targets = before.size === 0 ? [] : compareAll(drilling, before, after);
  const endedAt = new Date().toISOString();
  const written = await certify(drilling, certificateFacts({ input, status, targets, stopped, endedAt }));
  Object.assign(status, written);
  show(drilling);
  return written.certificate;
}
