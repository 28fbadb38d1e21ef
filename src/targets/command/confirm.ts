import type { Confirmation } from '../../release/target.ts';
import { lastLines } from '../shell/tail.ts';
import { ask, type CommandCall } from './runs.ts';

/** What the user's `check` says: exit 0 done, 3 not done. Without one a command cannot be asked what it did. */
export async function confirm(call: CommandCall, change: string, version: string): Promise<Confirmation> {
  call.signal.throwIfAborted();
  const { check } = call.spec;
  if (check === null) {
    const detail = `${call.target} has no \`check\` command, so nobody can tell whether ${change} took effect`;
    return { state: 'unknown', detail };
  }
  const env = { SAVEPOINT_CHANGE: change, SAVEPOINT_VERSION: version };
  const { exitCode, signal, timedOut, output } = await ask(call, 'check', check, env);
  const said = lastLines(output, 3, 300);
  if (exitCode === 0) return { state: 'done', detail: said || `the check of ${call.target} says so` };
  if (exitCode === 3) return { state: 'not-done', detail: said || `the check of ${call.target} says so` };
  const how = timedOut ? 'took too long' : `ended with ${exitCode ?? signal}`;
  return { state: 'unknown', detail: `the check of ${call.target} ${how}${said === '' ? '' : `: ${said}`}` };
}
