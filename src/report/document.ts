import { waysToAnswer, whoAnswers } from '../release/answering.ts';
import { endings } from '../release/endings.ts';
import type { ReleaseStatus, RestoredTarget, StepStatus } from '../release/status.ts';
import type { Judgement } from '../release/verdict.ts';
import {
  duration,
  moment,
  partsByLevel,
  proved,
  restoreWords,
  rows,
  spanMs,
  stepGlyphs,
  stepSpanMs,
  stepWords,
} from '../release/wording.ts';
import { rehearsed } from './rehearsed.ts';

/** A report before it is written down: plain text throughout, so that each renderer escapes it in its own way. */
export type ReportDocument = {
  title: string;
  /** How it stands, one line; `good`, `bad` or `open` colours it. */
  standing: { text: string; mood: 'good' | 'bad' | 'open' };
  facts: [name: string, value: string][];
  sections: ReportSection[];
};

export type ReportSection = { heading: string; head: string[]; rows: string[][] };

/** A release as a document. Sections without anything to say are left out. */
export function reportDocument(status: ReleaseStatus): ReportDocument {
  const sections: ReportSection[] = [
    openQuestion(status),
    restored(status),
    rowsUndone(status),
    { heading: 'Steps', head: ['', 'step', 'time', 'what came out of it'], rows: status.steps.map(stepRow) },
    evidence(status),
    ...rehearsed(status),
    savepoints(status),
    watch(status),
    decisions(status),
    refusals(status),
    { heading: 'Notes', head: ['note'], rows: status.notes.map((note) => [note]) },
    { heading: 'Timeline', head: ['at', 'what'], rows: status.timeline.map((entry) => [moment(entry.at), entry.what]) },
  ];
  return {
    title: `${status.application} ${status.environment} ${status.version}`,
    standing: standing(status),
    facts: facts(status),
    sections: sections.filter((section) => section.rows.length > 0),
  };
}

function standing(status: ReleaseStatus): ReportDocument['standing'] {
  if (status.outcome === null) return { text: `still going on: ${status.phase}`, mood: 'open' };
  const ending = endings[status.outcome];
  return { text: `${status.outcome}: ${ending.means}`, mood: ending.exitCode === 0 ? 'good' : 'bad' };
}

function facts(status: ReleaseStatus): [string, string][] {
  const listed: [string, string | null][] = [
    ['asked for by', status.requester],
    ['started', moment(status.startedAt)],
    ['ended', status.endedAt === null ? null : moment(status.endedAt)],
    ['took', status.endedAt === null ? null : duration(spanMs(status.startedAt, status.endedAt))],
    ['failed step', status.failedStep],
    ['failure', status.failure === null ? null : `${status.failure.kind}: ${status.failure.message}`],
    ['remedy', status.failure?.remedy ?? null],
    ['rows lost', rows(status.rowsLost)],
    ['held', Object.keys(status.held).join(', ') || null],
    ['paused until', status.pausedUntil === null ? null : moment(status.pausedUntil)],
    ['nothing goes back by itself until', status.handsOff ? moment(status.handsOff.until) : null],
    ['halted', status.halt === null ? null : `${status.halt.kind} by ${status.halt.by}: ${status.halt.reason}`],
    [
      'continues',
      status.continues === null
        ? null
        : `${status.continues.release} (${status.continues.as}): ${status.continues.reason}`,
    ],
    ['digest', status.digest],
    ['release', status.release],
    ['workflow', `${status.workflowId}, run ${status.runId}`],
  ];
  return listed.filter((fact): fact is [string, string] => fact[1] !== null);
}

function openQuestion(status: ReleaseStatus): ReportSection {
  const { question } = status;
  const heading = question === null ? 'Waits for' : `Waits for an answer: ${question.text}`;
  const head = ['answer', 'command', 'who'];
  if (question === null) return { heading, head, rows: [] };
  const who = whoAnswers(question);
  return { heading, head, rows: waysToAnswer(status, question).map((way) => [way.choice.label, way.command, who]) };
}

function restored(status: ReleaseStatus): ReportSection {
  return {
    heading: 'Restored',
    head: ['target', 'state', 'proof', 'level of each part', 'users cut off', 'kept'],
    rows: status.restored.map((target) => [
      target.target,
      restoreWords[target.state],
      proved(target.proved),
      partsText(target),
      target.downtimeMs === null ? '-' : duration(target.downtimeMs),
      target.kept ?? '-',
    ]),
  };
}

/** Table by table what users had written since the savepoint, and what became of it. */
function rowsUndone(status: ReleaseStatus): ReportSection {
  const found = status.restored.flatMap(({ target, loss, carried }) =>
    (loss?.tables ?? []).map((table) => {
      const saved = carried?.tables.find((each) => each.table === table.table);
      const fate = saved === undefined ? 'undone' : `${carried?.into === 'copy' ? 'carried over' : 'kept as files'}`;
      const left = saved === undefined || saved.left === 0 ? '' : `; ${saved.left} left: ${saved.why.join(', ')}`;
      const counts = [table.added, table.changed, table.removed, table.marked, table.own].map(String);
      return [target, table.table, ...counts, table.ignored ? 'ignored' : `${fate}${left}`];
    }),
  );
  const head = [
    'target',
    'table',
    'added',
    'changed',
    'deleted',
    'by smoke tests',
    'by the release',
    'what became of it',
  ];
  return { heading: 'Rows written since the savepoint', head, rows: found };
}

function partsText(target: RestoredTarget): string {
  const groups = target.proof
    ? partsByLevel(target.proof).map((group) => `${group.level}: ${group.names.join(', ')}`)
    : [];
  const differing = (target.proof?.differences ?? []).map(
    ({ part, expected, actual }) => `differs: ${part}, expected ${expected ?? 'nothing'}, found ${actual ?? 'nothing'}`,
  );
  const failed = target.failure ? [`${target.failure.kind}: ${target.failure.message}`] : [];
  return [...groups, ...differing, ...failed].join('; ') || '-';
}

function stepRow(step: StepStatus): string[] {
  const took = stepSpanMs(step);
  const came = [
    stepWords[step.state],
    step.detail,
    step.failure ? `${step.failure.kind}: ${step.failure.message}` : null,
  ];
  const said = came.filter((each) => each !== null && each !== undefined);
  return [stepGlyphs[step.state], step.id, took === null ? '-' : duration(took), said.join('; ') || '-'];
}

/** Every check and every measurement with what was seen, the passed ones too. */
function evidence(status: ReleaseStatus): ReportSection {
  const found = status.steps.flatMap((step) => [
    ...step.checks.map((check) => [
      step.id,
      check.name,
      check.status,
      [check.summary, check.evidence].filter(Boolean).join(': '),
    ]),
    ...step.judgements.map((judged) => [step.id, judged.criterion, judged.verdict, explained(judged)]),
  ]);
  return { heading: 'Checks and measurements', head: ['step', 'question', 'answer', 'evidence'], rows: found };
}

function explained({ explanation, record }: Judgement): string {
  return record === undefined ? explanation : `${explanation}; kept in records as ${record}`;
}

function savepoints(status: ReleaseStatus): ReportSection {
  return {
    heading: 'Savepoints',
    head: ['target', 'version before', 'taken', 'writers held', 'fingerprint'],
    rows: status.savepoints.map((savepoint) => {
      const groups = partsByLevel({ level: 'unproved', parts: savepoint.fingerprint.parts, differences: [] });
      const covers = groups.map((group) => `${group.level}: ${group.names.join(', ')}`).join('; ');
      return [
        savepoint.target,
        savepoint.absent ? 'nothing was there' : (savepoint.version ?? 'not known'),
        moment(savepoint.takenAt),
        savepoint.heldMs > 0 ? duration(savepoint.heldMs) : 'no',
        covers || '-',
      ];
    }),
  };
}

function watch(status: ReleaseStatus): ReportSection {
  const points = status.watch?.points ?? [];
  return {
    heading: 'Watch',
    head: ['at', 'samples', 'not watched', 'verdicts', 'kept in records as'],
    rows: points.map((point) => [
      moment(point.at),
      point.synthetic === undefined ? String(point.samples) : `${point.samples}, ${point.synthetic} synthetic`,
      duration(point.unwatchedMs),
      [
        ...point.judgements.map((judged) => `${judged.verdict}: ${judged.explanation}`),
        ...point.checks.map((check) => `${check.status} ${check.name}: ${check.summary}`),
      ].join('; ') || '-',
      point.record ?? '-',
    ]),
  };
}

function decisions(status: ReleaseStatus): ReportSection {
  const questions = [...status.answered, ...(status.question === null ? [] : [status.question])];
  return {
    heading: 'Decisions',
    head: ['question', 'who', 'choice', 'at', 'why'],
    rows: questions.flatMap((question) =>
      question.answers.map((answer) => [
        question.text,
        answer.by,
        answer.choice,
        moment(answer.at),
        answer.note ?? '-',
      ]),
    ),
  };
}

function refusals(status: ReleaseStatus): ReportSection {
  return {
    heading: 'Refused messages',
    head: ['at', 'message', 'by', 'why it was refused'],
    rows: status.refusals.map((refusal) => [moment(refusal.at), refusal.message, refusal.by, refusal.reason]),
  };
}
