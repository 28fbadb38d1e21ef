import type { DrillCase } from './drill.ts';
import type { Difference, Level } from './fingerprint.ts';
import type { Json } from './json.ts';
import type { Plan } from './plan.ts';
import type { Outcome, ReleaseStatus, RestoredTarget } from './status.ts';

/** One target of one drilled way back. Times are milliseconds; null where nobody measured. */
export type DrilledTarget = {
  target: string;
  state: RestoredTarget['state'];
  proved: Level | 'unproved';
  tookMs: number | null;
  downtimeMs: number | null;
  rowsLost: number | null;
  rowsCarried: number | null;
  /** What the restore replaced and kept; a person discards it. */
  kept: string | null;
};

/**
 * One planted failure and what it restored. `restored`: the way back that the rules chose. `tidied`: what the rules let
 * stay and the drill brought back afterwards. `problem`: why the case failed, null when it passed.
 */
export type DrilledCase = DrillCase & {
  release: string | null;
  runId: string | null;
  outcome: Outcome | null;
  digest: string | null;
  problem: string | null;
  restored: DrilledTarget[];
  tidied: DrilledTarget[];
  /** From the beginning of the first restore to the end of the last. */
  tookMs: number | null;
  downtimeMs: number | null;
  rowsLost: number | null;
};

/**
 * A target before the drill and after it. `ran`: what ran before, as an approval knows it. `contents`: rows that differ; users may have written them meanwhile, so they
 * are shown and do not count.
 */
export type Unchanged = {
  target: string;
  ran: string | null;
  same: boolean;
  differences: Difference[];
  contents: Difference[];
};

/**
 * What a drill has shown, dated. It passes when every case ended rolled back and proved, at the planted failure, and
 * every target is as it was. `complete`: every rollback point in every way; only such a certificate opens a gate.
 */
export type Certificate = {
  schemaVersion: 1;
  id: string;
  application: string;
  environment: string;
  version: string;
  /** SHA-256 of the plan's shape. */
  shape: string;
  planDigest: string;
  /** What an approval of this release would name; null when no case came so far. */
  digest: string | null;
  requester: string;
  startedAt: string;
  endedAt: string;
  passed: boolean;
  complete: boolean;
  /** Why it failed, one line. */
  failure: string | null;
  cases: DrilledCase[];
  /** Planned cases that were not tried any more. */
  untried: DrillCase[];
  targets: Unchanged[];
  notes: string[];
};

/**
 * What decides how a release of this plan goes back: targets, steps and rules. Version, environment, directories,
 * secrets and what checks ask are left out, so that a drill in staging counts for production.
 */
export function shapeOf(plan: Plan): Json {
  const { targets, steps, rollback, watch } = plan;
  return {
    format: 1,
    targets: targets.map(({ name, kind, compatibility, needs, writers, scope, traits }) => ({
      name,
      kind,
      compatibility,
      needs: needs ?? null,
      writers,
      scope,
      holds: traits.holds,
    })),
    steps: steps.map(({ id, activity, change, point }) => ({ id, activity, change, point })),
    watch: watch !== null,
    rollback: {
      holdMs: rollback.holdMs,
      dataLoss: rollback.dataLoss ?? 'ask',
      ignore: rollback.ignore ?? [],
      marks: rollback.marks ?? [],
    },
  };
}

/** What a drilled release says about its case. */
export function drilledCase(planned: DrillCase, status: ReleaseStatus): DrilledCase {
  const tidiedNames = status.drill?.tidied ?? [];
  const restored = status.restored.filter(({ target }) => !tidiedNames.includes(target)).map(drilledTarget);
  return {
    ...planned,
    release: status.release,
    runId: status.runId,
    outcome: status.outcome,
    digest: status.digest,
    problem: problemOf(planned, status),
    restored,
    tidied: status.restored.filter(({ target }) => tidiedNames.includes(target)).map(drilledTarget),
    tookMs: spanOf(status.restored.filter(({ target }) => !tidiedNames.includes(target))),
    downtimeMs: sum(restored.map(({ downtimeMs }) => downtimeMs)),
    rowsLost: sum(status.restored.map((each) => drilledTarget(each).rowsLost)),
  };
}

function drilledTarget({ target, state, proved, kept, ...rest }: RestoredTarget): DrilledTarget {
  const { startedAt, endedAt, downtimeMs, loss, carried } = rest;
  const tookMs = startedAt === null || endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt);
  const saved = carried?.into === 'copy' ? carried.carried : 0;
  const rowsLost = loss === undefined ? null : Math.max(0, loss.rows - saved);
  return { target, state, proved, tookMs, downtimeMs, rowsLost, rowsCarried: carried?.carried ?? null, kept };
}

/** Null for a way back that went as it should: to its end, by itself, at the planted failure, and proved. */
function problemOf({ at }: DrillCase, status: ReleaseStatus): string | null {
  const { outcome, failedStep, failure, restored, halt } = status;
  const said = failure === null ? '' : `: ${failure.message}`;
  if (halt !== null) return `${halt.kind} by ${halt.by}: ${halt.reason}`;
  if (failedStep !== at || !failure?.message.includes('drill: ')) {
    return failedStep === null
      ? `the planted failure was never reached${said}`
      : `${failedStep} failed by itself${said}`;
  }
  const bad = restored.filter(({ state, proved }) => !wentBackByItself(state) || proved === 'unproved');
  if (bad.length > 0) {
    const words = bad.map(({ target, state, proved, failure: why }) =>
      why === null ? `${target} is ${state} and ${proved}` : `${target}: ${why.message}`,
    );
    return words.join('; ');
  }
  const helped = status.answered.find(({ kind }) => kind === 'blocked');
  if (helped !== undefined) return `people had to help: ${helped.text}`;
  return outcome === 'rolled-back' ? null : `it ended ${outcome ?? 'without an ending'}`;
}

function wentBackByItself(state: RestoredTarget['state']): boolean {
  return state === 'restored' || state === 'unchanged';
}

function spanOf(restored: readonly RestoredTarget[]): number | null {
  const starts = restored.flatMap(({ startedAt }) => (startedAt === null ? [] : Date.parse(startedAt)));
  const ends = restored.flatMap(({ endedAt }) => (endedAt === null ? [] : Date.parse(endedAt)));
  return starts.length === 0 || ends.length === 0 ? null : Math.max(...ends) - Math.min(...starts);
}

function sum(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((each) => each !== null);
  return known.length === 0 ? null : known.reduce((total, each) => total + each, 0);
}

/** Why a certificate of the folder does not open the gate, with what was found; null when one does. */
export type Judged = { certificate: Certificate | null; refusal: string | null };

/** The newest drill of this shape counts: one that failed is not made good by an older one that passed. */
export function judgeCertificates(
  certificates: readonly Certificate[],
  { shape, nowMs, withinMs }: { shape: string; nowMs: number; withinMs: number },
): Judged {
  const newestFirst = [...certificates].sort((one, other) => other.endedAt.localeCompare(one.endedAt));
  const alike = newestFirst.filter((each) => each.shape === shape);
  const counts = alike.find(({ passed, complete }) => complete || !passed);
  const [newest] = newestFirst;
  if (newest === undefined) return { certificate: null, refusal: 'the way back of this plan was never drilled' };
  if (counts === undefined) {
    const refusal =
      alike.length > 0
        ? 'the way back of this plan was drilled only in parts'
        : `the last drill, of ${newest.endedAt}, was of a plan with other targets, steps or rules`;
    return { certificate: null, refusal };
  }
  if (!counts.passed)
    return { certificate: counts, refusal: `the drill of ${counts.endedAt} failed: ${counts.failure}` };
  if (nowMs - Date.parse(counts.endedAt) > withinMs) {
    const refusal = `the drill of ${counts.endedAt} is older than the ${daysOf(withinMs)} that the plan allows`;
    return { certificate: counts, refusal };
  }
  return { certificate: counts, refusal: null };
}

/**
 * Has this drill seen the previous code run on the new schema? It brought code back while the schema stayed, asked the
 * smoke checks of it, and all of it was what is released and what runs here.
 */
export function showsBackward(
  { version, cases, targets }: Certificate,
  { plan, running }: { plan: Plan; running: ReadonlyMap<string, string | null> },
): boolean {
  if (version !== plan.version || plan.afterRollback.length === 0) return false;
  const stores = (name: string): boolean => plan.targets.some((each) => each.name === name && each.traits.stores);
  const ranOnNewSchema = cases.some(
    ({ restored, tidied }) =>
      restored.some(({ target, state }) => state === 'restored' && !stores(target)) &&
      tidied.some(({ target }) => stores(target)),
  );
  return ranOnNewSchema && targets.every(({ target, ran }) => running.get(target) === ran);
}

function daysOf(ms: number): string {
  const hours = ms / 3_600_000;
  return hours >= 48 ? `${Math.round(hours / 24)} days` : `${Math.round(hours * 10) / 10} hours`;
}
