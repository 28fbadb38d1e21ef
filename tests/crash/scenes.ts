import type { Outcome } from '../../src/release/status.ts';
import { memorySchema } from '../../src/targets/memory/memory.schema.ts';
import { memoryPlan } from '../support/plans.ts';

/** One story over memory targets that is told again and again, each time with another strike. */
export type Scene = {
  name: string;
  /** The ending when nothing is struck. */
  outcome: Outcome;
  /** Struck everywhere, only at steps that no earlier scene has, or only after the step that fails. */
  strikes: 'everywhere' | 'new steps' | 'way back';
  /** Targets that are back at their savepoint at the end, newest change first. */
  back: string[];
  backward: boolean;
  /** Rows that users write between savepoint and failure, and that must be there at the end. */
  rows: number;
  /** `origin`: of a server that answers every request. */
  plan(application: string, origin: string): object;
};

/** A window for a strike during the effect of every verb that has one. Verbs that come later count as soon as the kind knows them. */
const workMs = Object.fromEntries(
  ['prepare', 'save', 'apply', 'restore', 'hold', 'resume', 'compare', 'beside', 'loss', 'carry', 'scratch']
    .map((verb) => [verb, '150ms'] as const)
    .filter(([verb, pause]) => memorySchema.shape.workMs.safeParse({ [verb]: pause }).success),
);

/** Checks of a server that answers every request with 200. */
type Checks = { passes(name: string): object; fails(name: string): object };
type Variant = { database?: object; frontend?: object; more?: object };

function checksOf(origin: string): Checks {
  const passes = (name: string): object => ({ name, kind: 'http', url: `${origin}/` });
  return { passes, fails: (name) => ({ ...passes(name), expect: { status: 500 } }) };
}

function planOf(compatibility: 'backward' | 'breaking', vary: (checks: Checks) => Variant = () => ({})): Scene['plan'] {
  const world = (name: string): object => ({ file: `./${name}.world`, workMs });
  return (application, origin) => {
    const checks = checksOf(origin);
    const { database, frontend, more } = vary(checks);
    return memoryPlan({
      application,
      database: {
        ...world('database'),
        compatibility,
        writers: ['backend', 'frontend'],
        verify: [checks.passes('rows are there')],
        verifySeed: [checks.passes('seeds are there')],
        ...database,
      },
      backend: { ...world('backend'), verify: [checks.passes('it answers')] },
      frontend: { ...world('frontend'), ...frontend },
      more: { ...evidence(origin, checks), ...more },
    });
  };
}

function evidence(origin: string, { passes }: Checks): object {
  const request = { name: 'front page', url: `${origin}/`, samples: 3, every: '10ms', errors: { rollBack: '90 %' } };
  return {
    preflight: [passes('disk')],
    smoke: [passes('shop'), { ...passes('login'), repeatable: true }],
    performance: { requests: [request] },
    monitoring: [passes('alarms')],
    watch: {
      schedule: [{ every: '500ms', for: '1s' }],
      checks: [passes('orders come in')],
      // Nobody measures while no worker runs; whether that is too long is another test's question.
      maxUnwatched: '100 %',
    },
  };
}

const smokeFails = ({ passes, fails }: Checks): Variant => ({
  more: { smoke: [fails('shop'), { ...passes('login'), repeatable: true }] },
});
const verifyFails = ({ fails }: Checks): Variant => ({ database: { verify: [fails('rows are there')] } });
const noFrontend = (): Variant => ({ frontend: { faults: [{ verb: 'apply', kind: 'failed', times: 99 }] } });

/** Each way back that the rules know, over targets that can say exactly what was done to them and how often. */
export const scenes: readonly Scene[] = [
  {
    name: 'released',
    outcome: 'released',
    strikes: 'everywhere',
    back: [],
    backward: true,
    rows: 0,
    plan: planOf('backward'),
  },
  {
    name: 'released, breaking',
    outcome: 'released',
    strikes: 'new steps',
    back: [],
    backward: false,
    rows: 0,
    plan: planOf('breaking'),
  },
  {
    name: 'code back',
    outcome: 'rolled-back',
    strikes: 'way back',
    back: ['frontend', 'backend'],
    backward: true,
    rows: 0,
    plan: planOf('backward', smokeFails),
  },
  {
    name: 'code back, half way',
    outcome: 'rolled-back',
    strikes: 'way back',
    back: ['frontend', 'backend'],
    backward: true,
    rows: 0,
    plan: planOf('backward', noFrontend),
  },
  {
    name: 'database back',
    outcome: 'rolled-back',
    strikes: 'way back',
    back: ['database'],
    backward: true,
    rows: 0,
    plan: planOf('backward', verifyFails),
  },
  {
    name: 'database back, rows carried over',
    outcome: 'rolled-back',
    strikes: 'way back',
    back: ['database'],
    backward: true,
    rows: 3,
    plan: planOf('backward', verifyFails),
  },
  {
    name: 'database back, held since before',
    outcome: 'rolled-back',
    strikes: 'way back',
    back: ['database'],
    backward: false,
    rows: 0,
    plan: planOf('breaking', verifyFails),
  },
  {
    name: 'all back',
    outcome: 'rolled-back',
    strikes: 'way back',
    back: ['frontend', 'backend', 'database'],
    backward: false,
    rows: 0,
    plan: planOf('breaking', smokeFails),
  },
];
