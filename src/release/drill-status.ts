import type { Certificate, DrilledCase, Unchanged } from './certificate.ts';
import { caseInWords, type DrillCase, drillCases, longestDrillWatchMs } from './drill.ts';
import { type Fingerprint, prove } from './fingerprint.ts';
import { plainText } from './markdown.ts';
import type { Plan } from './plan.ts';
import { duration, proved } from './wording.ts';

/** A drill while it runs and when it has ended; the answer to its `drill` query. Times are ISO 8601. */
export type DrillStatus = {
  schemaVersion: 1;
  workflowId: string;
  runId: string;
  application: string;
  environment: string;
  version: string;
  startedAt: string;
  planned: DrillCase[];
  cases: DrilledCase[];
  /** The release that runs just now, or is about to. */
  running: DrillCase | null;
  certificate: Certificate | null;
  /** Where the certificate was written. */
  files: string[];
};

/** What was seen of a target at one moment. `fingerprint` is null where only what runs was asked for. */
export type Seen = { running: string | null; fingerprint: Fingerprint | null };

/** Is the target as it was? In a database only the structure counts: users may have written meanwhile. */
export function compareSeen(
  target: { name: string; traits: { stores: boolean } },
  before: Seen,
  after: Seen,
): Unchanged {
  const runs = { part: 'what runs', level: 'version' as const, expected: before.running, actual: after.running };
  const ran = before.running === after.running ? [] : [runs];
  const found =
    before.fingerprint === null || after.fingerprint === null
      ? []
      : prove(before.fingerprint, after.fingerprint).differences;
  const isRows = ({ level }: { level: string }): boolean => target.traits.stores && level !== 'structure';
  const differences = [...ran, ...found.filter((each) => !isRows(each))];
  return {
    target: target.name,
    ran: before.running,
    same: differences.length === 0,
    differences,
    contents: found.filter(isRows),
  };
}

/** What a drill ends with. `stopped`: why it did not go through all its cases, as far as no case says so. */
type Ended = {
  input: { plan: Plan; planDigest: string; requester: string };
  status: DrillStatus;
  targets: Unchanged[];
  stopped: string | null;
  endedAt: string;
};

/** The certificate of a drill that has ended, without the hash of its plan's shape. */
export function certificateFacts({ input, status, targets, stopped, endedAt }: Ended): Omit<Certificate, 'shape'> {
  const { runId, application, environment, version, startedAt, planned, cases } = status;
  const failure = failureOf(cases, targets, stopped);
  const covers = drillCases(input.plan).every((wanted) => planned.some((each) => isSame(each, wanted)));
  return {
    schemaVersion: 1,
    id: runId,
    application,
    environment,
    version,
    planDigest: input.planDigest,
    digest: cases.find(({ digest }) => digest !== null)?.digest ?? null,
    requester: input.requester,
    startedAt,
    endedAt,
    passed: failure === null,
    complete: covers && cases.length === planned.length,
    failure,
    cases,
    untried: planned.slice(cases.length),
    targets,
    notes: notesOf(input.plan, targets),
  };
}

function isSame(one: DrillCase, other: DrillCase): boolean {
  return one.at === other.at && one.how === other.how;
}

/** The case that failed says more than that the drill was stopped by it. */
function failureOf(cases: readonly DrilledCase[], targets: readonly Unchanged[], stopped: string | null) {
  const failed = cases.find(({ problem }) => problem !== null);
  if (stopped === null && cases.length === 0) return 'nothing was tried';
  const differing = targets.filter(({ same }) => !same).map(({ target }) => target);
  const words = [
    failed === undefined ? null : `${caseInWords(failed)}: ${failed.problem}`,
    stopped,
    differing.length === 0 ? null : `not as before: ${differing.join(', ')}`,
  ].filter((each) => each !== null);
  return words.length === 0 ? null : words.join('; ');
}

/** What was otherwise than in a release, and what the certificate therefore does not say. */
function notesOf(plan: Plan, targets: readonly Unchanged[]): string[] {
  const written = targets.filter(({ contents }) => contents.length > 0).map(({ target }) => target);
  return [
    'nobody was asked at the gate, no window was waited for, nothing was rehearsed, no failed step was tried again',
    'what a failure asks was answered by the drill itself, with the restoring choice that saves most',
    plan.watch === null
      ? 'the plan has no watch, so none was drilled'
      : `the watch was cut to one point, at most ${longestDrillWatchMs / 1000} s`,
    ...(written.length === 0
      ? []
      : [`rows of ${written.join(', ')} are not what they were; users may have written them`]),
  ];
}

/** What the Temporal UI shows of a drill, in Markdown. */
export function drillDetails({ planned, cases, running, certificate }: DrillStatus): string {
  const lines = cases.map((each) => {
    const back = each.restored.map(({ target, proved: level }) => `${target} ${proved(level)}`).join(', ');
    const took = each.tookMs === null ? '' : ` in ${duration(each.tookMs)}`;
    return each.problem === null
      ? `- ✔ ${plainText(caseInWords(each))}: ${plainText(back)}${took}`
      : `- ✘ ${plainText(caseInWords(each))}: ${plainText(each.problem)}`;
  });
  const now = running === null ? [] : [`- ▸ ${plainText(caseInWords(running))}`];
  const passed = certificate?.passed ? 'passed' : `failed: ${plainText(certificate?.failure ?? '')}`;
  const head = certificate === null ? `**${cases.length} of ${planned.length} cases**` : `**The drill ${passed}**`;
  return [head, '', ...lines, ...now].join('\n');
}
