import type { ClientFailureKind } from '../client/failures.ts';
import { type ExitCode, exitCodes } from '../release/endings.ts';
import type { Io } from './io.ts';

/** The command was used wrongly, or something that it needs is not there. `remedy`: what to type instead. */
export class UsageError extends Error {
  readonly remedy: string | null;

  constructor(message: string, remedy: string | null = null) {
    super(message);
    this.name = 'UsageError';
    this.remedy = remedy;
  }
}

/** What was asked for is not done as things stand now; nothing was changed. */
export class Refused extends Error {
  readonly remedy: string | null;

  constructor(message: string, remedy: string | null = null) {
    super(message);
    this.name = 'Refused';
    this.remedy = remedy;
  }
}

/** A failure as people and scripts are told it. `details` is data for scripts, such as the problems of a plan. */
export type Told = { kind: string; message: string; remedy: string | null; exitCode: ExitCode; details?: unknown };

const clientExitCodes: Record<ClientFailureKind, ExitCode> = {
  unreachable: exitCodes.unreachable,
  'not-ready': exitCodes.unreachable,
  'no-worker': exitCodes.unreachable,
  'not-answered': exitCodes.unreachable,
  refused: exitCodes.personNeeded,
  held: exitCodes.wentBack,
  'not-found': exitCodes.usage,
  'no-result': exitCodes.personNeeded,
};

/** Names of errors that other rooms throw for something a person can mend. */
const expected: Record<string, ExitCode> = {
  UsageError: exitCodes.usage,
  Refused: exitCodes.personNeeded,
  ToolMissing: exitCodes.unreachable,
  DevServerFailure: exitCodes.unreachable,
  TargetFailure: exitCodes.unexpected,
};

/** Reads an error by its name and fields, so that no room has to be loaded for it. */
export function told(error: unknown): Told {
  if (!(error instanceof Error)) {
    return { kind: 'unexpected', message: String(error), remedy: null, exitCode: exitCodes.unexpected };
  }
  const remedy = remedyOf(error);
  const { name, message } = error;
  if (name === 'ClientFailure' && 'kind' in error) {
    const kind = error.kind as ClientFailureKind;
    return { kind, message, remedy, exitCode: clientExitCodes[kind] };
  }
  if (name === 'PlanProblems' && 'problems' in error) {
    return { kind: 'plan', message, remedy, exitCode: exitCodes.usage, details: { problems: error.problems } };
  }
  const exitCode = expected[name];
  if (exitCode !== undefined) return { kind: name === 'UsageError' ? 'usage' : name, message, remedy, exitCode };
  return { kind: 'unexpected', message, remedy: null, exitCode: exitCodes.unexpected };
}

/** A failure of a target has it among its details. */
function remedyOf(error: Error): string | null {
  const holder: object = 'details' in error && typeof error.details === 'object' ? (error.details ?? error) : error;
  return 'remedy' in holder && typeof holder.remedy === 'string' ? holder.remedy : null;
}

/** The only place that prints errors. */
export function printFailure(io: Io, error: unknown): void {
  const failure = told(error);
  io.exitCode = failure.exitCode;
  io.say(`savepoint: ${failure.message}`);
  if (failure.remedy !== null) io.say(failure.remedy);
  if (failure.kind === 'unexpected') io.say(stackOf(io, error));
  if (io.json) {
    const { kind, message, remedy, exitCode, details } = failure;
    io.give('', { schemaVersion: 1, error: { kind, message, remedy, exitCode, ...(details ?? {}) } });
  }
}

/** A bug shows where it is to those who ask for it. */
function stackOf(io: Io, error: unknown): string {
  if (!io.env.SAVEPOINT_DEBUG)
    return 'This is unexpected. Run it again with SAVEPOINT_DEBUG=1 to see where it comes from.';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
