import type { Answer, Asking, Check } from '../release/check.ts';
import { TargetFailure } from '../release/failure.ts';
import { type Ran, runCommand } from '../targets/shell/run.ts';
import { answerOf, pending } from './answer.ts';
import type { CommandSpec } from './command.schema.ts';
import { textProblems } from './http/expectations.ts';

/** Runs a command of the user's and looks at its exit code and output. `SAVEPOINT_VERSION` tells it the version. */
export const command: Check<CommandSpec> = { ask };

async function ask({ spec, home, version, signal }: Asking<CommandSpec>): Promise<Answer> {
  const env = { SAVEPOINT_VERSION: version, ...spec.env };
  try {
    const ran = await runCommand({ command: spec.run, cwd: home, env, timeoutMs: spec.timeout, signal });
    return judged(spec, ran);
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    return pending(error.message, '', error.details.remedy ?? 'check the program and its permissions');
  }
}

function judged({ run, timeout, expect }: CommandSpec, ran: Ran): Answer {
  const name = run[0] ?? '';
  const tail = ran.output.trim().split('\n').slice(-8).join('\n');
  if (ran.timedOut) {
    return pending(`${name} did not finish within ${timeout} ms`, tail, 'give it more time, or see what it waits for');
  }
  if (ran.exitCode === null)
    return pending(`${name} was ended by ${ran.signal}`, tail, 'see who ended it, and try again');
  const code = `exit code ${ran.exitCode}`;
  const warns = expect.warn.includes(ran.exitCode);
  const right = warns || expect.exit.includes(ran.exitCode);
  return answerOf({
    failures: [
      ...(right ? [] : [`${name} ended with ${code}, expected ${expect.exit.join(' or ')}`]),
      ...textProblems('its output', ran.output, expect),
    ],
    warnings: warns ? [`${name} warns with ${code}`] : [],
    seen: tail,
    good: `${name} ended with ${code} as expected`,
    remedy: `see what ${name} printed`,
  });
}
