import type { Command } from 'commander';
import type { Io } from './io.ts';

/** One file per verb. It adds its arguments, options and action; the action sets `io.exitCode`. */
export type Verb = { define(command: Command, io: Io): void };

/** `summary` is shown without loading the verb. `group` heads it in the list. */
export type Entry = { summary: string; group: string; aliases?: readonly string[]; load(): Promise<Verb> };

const plan = 'Write a plan';
const run = 'Release';
const answer = 'Answer and steer';
const set = 'Set up';

/** Every verb, in the order in which `--help` lists it. */
export const verbs: Readonly<Record<string, Entry>> = {
  init: { group: plan, summary: 'write a commented release.yaml', load: () => import('./verbs/init.ts') },
  validate: {
    group: plan,
    summary: 'say everything that is wrong with a plan',
    load: () => import('./verbs/validate.ts'),
  },
  plan: {
    group: plan,
    summary: 'show what a release will do, and what each failure restores',
    load: () => import('./verbs/plan.ts'),
  },
  check: {
    group: run,
    summary: 'ask the checks of a plan: what is ready for the release, and what is not',
    load: () => import('./verbs/check.ts'),
  },
  start: { group: run, summary: 'release a version', load: () => import('./verbs/start.ts') },
  drill: {
    group: run,
    summary: 'try the way back: make releases fail on purpose',
    load: () => import('./verbs/drill.ts'),
  },
  status: { group: run, summary: 'show how a release stands', load: () => import('./verbs/status.ts') },
  follow: { group: run, summary: 'show a release as it goes on', load: () => import('./verbs/follow.ts') },
  list: { group: run, summary: 'list releases', load: () => import('./verbs/list.ts') },
  report: { group: run, summary: 'write a report of a release', load: () => import('./verbs/report.ts') },
  superseded: {
    group: run,
    summary: 'list and discard what releases left behind',
    load: () => import('./verbs/superseded.ts'),
  },
  approve: { group: answer, summary: 'say go', load: () => import('./verbs/approve.ts') },
  reject: { group: answer, summary: 'say no', load: () => import('./verbs/reject.ts') },
  decide: {
    group: answer,
    summary: 'answer a question that a failure asks',
    aliases: ['answer'],
    load: () => import('./verbs/decide.ts'),
  },
  abort: { group: answer, summary: 'stop a release', load: () => import('./verbs/abort.ts') },
  rollback: { group: answer, summary: 'bring everything back', load: () => import('./verbs/rollback.ts') },
  restore: {
    group: answer,
    summary: 'bring single targets back after a release has ended',
    load: () => import('./verbs/restore.ts'),
  },
  pause: { group: answer, summary: 'wait before the next step', load: () => import('./verbs/pause.ts') },
  resume: { group: answer, summary: 'end a pause, or hands-off', load: () => import('./verbs/resume.ts') },
  'hands-off': {
    group: answer,
    summary: 'let nothing go back by itself for a while: somebody is looking',
    load: () => import('./verbs/hands-off.ts'),
  },
  raise: {
    group: answer,
    summary: 'report what only people see during the watch',
    load: () => import('./verbs/raise.ts'),
  },
  finish: { group: answer, summary: 'end the watch early and well', load: () => import('./verbs/finish.ts') },
  attest: { group: answer, summary: 'state that something was seen to be so', load: () => import('./verbs/attest.ts') },
  dev: { group: set, summary: 'start a Temporal server, its UI and a worker', load: () => import('./verbs/dev.ts') },
  worker: { group: set, summary: 'start a worker', load: () => import('./verbs/worker.ts') },
  demo: {
    group: set,
    summary: 'release a small shop several times, well and badly',
    load: () => import('./verbs/demo.ts'),
  },
  'iam-policy': {
    group: set,
    summary: 'print what the role of the worker must be allowed in AWS',
    load: () => import('./verbs/iam-policy.ts'),
  },
  doctor: { group: set, summary: 'say what is missing to release from here', load: () => import('./verbs/doctor.ts') },
};

/** The name of a verb for what was typed, null when there is none. */
export function verbNamed(typed: string): string | null {
  if (Object.hasOwn(verbs, typed)) return typed;
  return Object.entries(verbs).find(([, entry]) => entry.aliases?.includes(typed))?.[0] ?? null;
}
