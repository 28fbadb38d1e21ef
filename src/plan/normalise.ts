import { dirname, resolve } from 'node:path';
import type { Json } from '../release/json.ts';
import type { AskingRules, Compatibility, Plan, PlannedTarget, ReleaseWindow } from '../release/plan.ts';
import type { KindTraits } from '../release/target.ts';
import { ownFields, traitsOf } from './kinds.ts';
import { plannedWatch } from './measured.ts';
import type { WrittenGate, WrittenNotice } from './schema/people.schema.ts';
import { dayNames, type WrittenRelease } from './schema/release.schema.ts';
import type { WrittenTarget } from './schema/targets.schema.ts';
import { stepsOf } from './steps.ts';
import { marksOf, repeatableAt } from './suite.ts';
import { targetsOf } from './written.ts';

/** Where a plan is used. `host` names the machine whose worker serves local targets. */
export type Setting = { file: string; version: string; host: string; taskQueue?: string };

const minute = 60 * 1000;

/** Fills in everything that a written plan leaves to be guessed. Names must have been checked by the rules. */
export function normalise(written: WrittenRelease, setting: Setting): Plan {
  const home = dirname(resolve(setting.file));
  const gate = written.gates['go-no-go'] ?? null;
  return {
    format: 1,
    application: written.application,
    environment: written.environment,
    version: setting.version,
    home,
    records: resolve(home, written.records),
    window: written.window === undefined ? null : plannedWindow(written.window),
    people: Object.fromEntries(
      Object.entries(written.people).map(([key, { name, contact }]) => [key, { name, contact: contact ?? null }]),
    ),
    gate: gate === null ? null : askingRules(gate, gate.remindEvery ?? null),
    ...(gate?.drill === undefined ? {} : { drillWithinMs: gate.drill.within }),
    questions: plannedQuestions(written),
    targets: targetsOf(written).map(({ name, target }) => plannedTarget(name, target)),
    steps: stepsOf(written),
    afterRollback: repeatableAt(written, 'smoke', written.smoke),
    watch: written.watch === undefined ? null : plannedWatch(written, written.watch),
    rollback: plannedRollback(written),
    notify: written.notify.map((notice, index) => plannedNotice(notice as WrittenNotice, index)),
    ...(Object.keys(written.incidents).length === 0 ? {} : { incidents: written.incidents }),
    outside: written.outside,
    taskQueue: setting.taskQueue ?? 'savepoint',
    // The same spelling as `localTaskQueue` of the workflows, which this room does not see.
    localTaskQueue: `savepoint/${setting.host}`,
  };
}

const compatibilities: Record<string, Compatibility> = {
  backward: { backward: true, forward: false },
  forward: { backward: false, forward: true },
  both: { backward: true, forward: true },
  breaking: { backward: false, forward: false },
};

function plannedTarget(name: string, target: WrittenTarget): PlannedTarget {
  const spec = specOf(target);
  const traits = traitsHere(target.kind, spec);
  // A database that this release does not change stays compatible with everything.
  const declared = compatibilities[target.compatibility ?? 'both'] ?? null;
  return {
    name,
    kind: target.kind,
    traits,
    compatibility: traits.stores ? declared : null,
    writers: target.writers,
    scope: target.scope,
    ...(target.needs === undefined ? {} : { needs: target.needs }),
    spec,
  };
}

/** A list under `logs` holds checks; the kind itself reads no logs then. */
function specOf(target: WrittenTarget): { [key: string]: Json } {
  const spec = ownFields('target', target);
  return Array.isArray(spec.logs) ? { ...spec, logs: null } : spec;
}

/** A kind that has a field `hold` can be held only where it is given. */
function traitsHere(kind: string, spec: { [key: string]: Json }): KindTraits {
  const traits = traitsOf(kind);
  return { ...traits, holds: traits.holds && spec.hold !== null };
}

function askingRules(rules: WrittenGate, remindEveryMs: number | null): AskingRules {
  return {
    deciders: rules.deciders,
    needs: rules.needs,
    notRequester: rules.notRequester,
    deadlineMs: rules.deadline,
    remindEveryMs,
    escalate: rules.escalate.map(({ after, to }) => ({ afterMs: after, to })),
  };
}

function plannedQuestions(written: WrittenRelease): AskingRules {
  const remind = 5 * minute;
  const questions = written.questions;
  if (questions !== undefined) {
    return askingRules(questions, questions.remindEvery ?? (remind < questions.deadline ? remind : null));
  }
  const deciders = written.gates['go-no-go']?.deciders ?? [];
  return { deciders, needs: 1, notRequester: false, deadlineMs: 30 * minute, remindEveryMs: remind, escalate: [] };
}

function plannedWindow(window: NonNullable<WrittenRelease['window']>): ReleaseWindow {
  const { from, to, timezone, expected, longestRestore } = window;
  const days = window.days.map((day) => dayNames.indexOf(day) + 1);
  const needed = (expected ?? 0) + (longestRestore ?? 0);
  return { days, from, to, timezone, ...(needed > 0 ? { neededMs: needed } : {}) };
}

function plannedRollback(written: WrittenRelease): Plan['rollback'] {
  const { dataLoss, ignore, hold } = written.rollback;
  const allowed =
    typeof dataLoss === 'string' ? dataLoss : { rows: dataLoss.allow.rows, withinMs: dataLoss.allow.within };
  return { holdMs: hold ?? 5 * minute, dataLoss: allowed, ignore, marks: marksOf(written) };
}

function plannedNotice(notice: WrittenNotice, index: number): Plan['notify'][number] {
  const name = notice.name ?? `${notice.kind} ${index + 1}`;
  return { name, kind: notice.kind, on: notice.on, spec: ownFields('notice', notice) };
}
