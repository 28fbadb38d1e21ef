import type { Outcome } from './status.ts';

/** Exit codes of the CLI. Scripts rely on them; see docs/operations.md. */
export const exitCodes = {
  released: 0,
  unexpected: 1,
  usage: 2,
  wentBack: 3,
  personNeeded: 4,
  stillRunning: 5,
  aborted: 6,
  unreachable: 7,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The one table from ending to workflow status and exit code. A red workflow means that a person is needed. */
export const endings: Record<Outcome, { workflow: 'completed' | 'failed'; exitCode: ExitCode; means: string }> = {
  stopped: { workflow: 'completed', exitCode: exitCodes.wentBack, means: 'nothing was changed' },
  rejected: { workflow: 'completed', exitCode: exitCodes.wentBack, means: 'a decider said no; nothing was changed' },
  expired: {
    workflow: 'completed',
    exitCode: exitCodes.wentBack,
    means: 'nobody decided in time; nothing was changed',
  },
  superseded: { workflow: 'completed', exitCode: exitCodes.wentBack, means: 'another release took its place' },
  aborted: { workflow: 'completed', exitCode: exitCodes.aborted, means: 'a person stopped it' },
  released: { workflow: 'completed', exitCode: exitCodes.released, means: 'the version is live' },
  'released-by-decision': {
    workflow: 'completed',
    exitCode: exitCodes.released,
    means: 'the version is live although something failed, by a decision of a named person',
  },
  'rolled-back': {
    workflow: 'completed',
    exitCode: exitCodes.wentBack,
    means: 'everything that had to go back is back',
  },
  'partly-rolled-back': {
    workflow: 'completed',
    exitCode: exitCodes.personNeeded,
    means: 'some targets went back, the named others stay',
  },
  abandoned: {
    workflow: 'failed',
    exitCode: exitCodes.personNeeded,
    means: 'a person gave up the way back; the environment is dirty',
  },
};
