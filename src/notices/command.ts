import { TargetFailure } from '../release/failure.ts';
import type { Notice, Telling } from '../release/notice.ts';
import { runCommand } from '../targets/shell/run.ts';
import type { CommandNoticeSpec } from './command.schema.ts';

/** Runs a command that gets the message as JSON on standard input and its main parts as environment variables. */
export const command: Notice<CommandNoticeSpec> = { tell };

/** @throws TargetFailure `timed-out` or `failed`, with the end of its output; `not-found` when it cannot be started */
async function tell({ spec, message, key, home, signal }: Telling<CommandNoticeSpec>): Promise<void> {
  const name = spec.run[0] ?? '';
  const env = {
    SAVEPOINT_EVENT: message.event,
    SAVEPOINT_NOTICE_KEY: key,
    SAVEPOINT_SUBJECT: message.subject,
    SAVEPOINT_TO: message.to.join(','),
    SAVEPOINT_VERSION: message.version,
    SAVEPOINT_WORKFLOW_ID: message.workflowId,
    ...spec.env,
  };
  const input = `${JSON.stringify({ schemaVersion: 1, key, ...message })}\n`;
  const ran = await runCommand({ command: spec.run, cwd: home, env, timeoutMs: spec.timeout, signal, input });
  const evidence = ran.output.trim().slice(-600);
  if (ran.timedOut) {
    throw new TargetFailure('timed-out', `${name} did not finish within ${spec.timeout} ms`, { evidence });
  }
  if (ran.exitCode !== 0) {
    const how = ran.exitCode === null ? `was ended by ${ran.signal}` : `ended with exit code ${ran.exitCode}`;
    throw new TargetFailure('failed', `${name} ${how}`, { evidence });
  }
}
