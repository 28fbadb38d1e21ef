import { createHash } from 'node:crypto';
import { TargetFailure } from '../../release/failure.ts';
import { type Fingerprint, prove } from '../../release/fingerprint.ts';
import type { Json } from '../../release/json.ts';
import type { Finding, Kind, Restored, Savepoint, Step, Survey } from '../../release/target.ts';
import { lastLines } from '../shell/tail.ts';
import type { CommandSpec } from './command.schema.ts';
import { confirm } from './confirm.ts';
import { ask, begin, type CommandCall, environmentOf, type Order, runOnce, saidBy } from './runs.ts';

export type CommandState = { said: Json };
type CommandChange = 'migrate' | 'seed' | 'deploy' | 'invalidate';

const changes: readonly CommandChange[] = ['migrate', 'seed', 'deploy', 'invalidate'];
const largestState = 16 * 1024;

/** What the user's command said is taken for it, and labelled so; a long answer is compared by its hash. */
async function fingerprintOf(call: CommandCall): Promise<Fingerprint> {
  const takenAt = new Date().toISOString();
  if (call.spec.fingerprint === null) return { takenAt, parts: [] };
  const ran = await ask(call, 'fingerprint', call.spec.fingerprint);
  if (ran.exitCode !== 0) {
    const evidence = lastLines(ran.output);
    throw new TargetFailure('failed', `the fingerprint of ${call.target} ended with ${ran.exitCode ?? ran.signal}`, {
      evidence,
    });
  }
  const said = JSON.stringify(saidBy(ran));
  const value = said.length <= 200 ? said : `sha256:${createHash('sha256').update(said).digest('hex')}`;
  return { takenAt, parts: [{ name: 'declared', level: 'declared', value }] };
}

async function survey(call: CommandCall): Promise<Survey> {
  call.signal.throwIfAborted();
  const findings: Finding[] = [];
  if (call.spec.survey !== null) {
    const ran = await ask(call, 'survey', call.spec.survey);
    const what = `survey of ${call.target}: ${lastLines(ran.output, 3, 300) || 'said nothing'}`;
    const remedy = 'see what the survey command says';
    findings.push(ran.exitCode === 0 ? { status: 'PASS', what } : { status: 'FAIL', what, remedy });
  }
  if (call.spec.fingerprint === null) {
    const what = `${call.target} has no fingerprint command: a restore of it cannot be proved`;
    findings.push({ status: 'WARN', what, remedy: 'name a `fingerprint` command' });
  }
  const { parts } = await fingerprintOf(call);
  return { findings, running: parts[0]?.value ?? null };
}

function working(call: CommandCall, verb: string): Step<never> {
  return { state: 'working', detail: `${verb} of ${call.target} runs`, lookAgainMs: 200 };
}

function order(
  call: CommandCall,
  base: Pick<Order, 'verb' | 'command' | 'undoes'>,
  env: Record<string, string>,
): Order {
  return { ...base, repeatable: call.spec.repeatable, env: environmentOf(call, base.verb, env) };
}

async function save(call: CommandCall): Promise<Step<Savepoint<CommandState>>> {
  const attempt = await begin(call);
  const { save: command } = call.spec;
  const run =
    command === null ? { value: null } : await runOnce(attempt, order(call, { verb: 'save', command, undoes: [] }, {}));
  if (run === null) return working(call, 'save');
  const said = run.value;
  if (JSON.stringify(said).length > largestState) {
    throw new TargetFailure('invalid-input', `save of ${call.target} said more than ${largestState} characters`, {
      remedy: 'keep the savepoint where it is and print only where',
    });
  }
  const told = said !== null && typeof said === 'object' && !Array.isArray(said) ? said : {};
  const value: Savepoint<CommandState> = {
    target: call.target,
    kind: 'command',
    release: call.release,
    takenAt: new Date().toISOString(),
    version: typeof told.version === 'string' ? told.version : null,
    absent: told.absent === true,
    heldMs: 0,
    fingerprint: await fingerprintOf(call),
    state: { said },
  };
  return { state: 'done', value };
}

async function apply(call: CommandCall, change: CommandChange, version: string): Promise<Step<Json>> {
  const attempt = await begin(call);
  const command = call.spec.apply[change];
  if (command === null) throw new TargetFailure('invalid-input', `${call.target} has no command for ${change}`);
  const env = { SAVEPOINT_VERSION: version, SAVEPOINT_CHANGE: change };
  const undoes = ['restore', 'hold', 'resume'];
  const run = await runOnce(attempt, order(call, { verb: change, command, undoes }, env));
  return run === null ? working(call, change) : { state: 'done', value: run.value };
}

/** A restore may always be run again: it goes back to what was observed, whatever happened since. */
async function restore(call: CommandCall, to: Savepoint<CommandState>): Promise<Step<Restored>> {
  const attempt = await begin(call);
  const startedAt = Date.now();
  const env = {
    SAVEPOINT_STATE: JSON.stringify(to.state.said),
    SAVEPOINT_ABSENT: to.absent ? '1' : '0',
    SAVEPOINT_VERSION: to.version ?? '',
  };
  const undoes = [...changes, 'hold', 'resume'];
  const base = order(call, { verb: 'restore', command: call.spec.restore, undoes }, env);
  const run = await runOnce(attempt, { ...base, repeatable: true });
  if (run === null) return working(call, 'restore');
  const proof = prove(to.fingerprint, await fingerprintOf(call));
  if (proof.differences.length > 0) {
    const evidence = proof.differences.map(({ expected, actual }) => `${actual} instead of ${expected}`).join('\n');
    throw new TargetFailure('failed', `restore of ${call.target} ended well, but it is not as it was`, { evidence });
  }
  const detail = `the restore command of ${call.target} ended well after ${Date.now() - startedAt} ms`;
  return { state: 'done', value: { proof, downtimeMs: 0, kept: null, detail } };
}

async function hold(call: CommandCall): Promise<Step<Json>> {
  const attempt = await begin(call);
  const { hold: command } = call.spec;
  if (command === null) throw new TargetFailure('refused', `${call.target} has no command to hold it`);
  const run = await runOnce(attempt, order(call, { verb: 'hold', command, undoes: ['resume'] }, {}));
  return run === null ? working(call, 'hold') : { state: 'done', value: run.value };
}

async function resume(call: CommandCall, held: Json): Promise<Step<null>> {
  const attempt = await begin(call);
  const { resume: command } = call.spec;
  if (command === null) throw new TargetFailure('refused', `${call.target} has no command to resume it`);
  const env = { SAVEPOINT_STATE: JSON.stringify(held) };
  const run = await runOnce(attempt, order(call, { verb: 'resume', command, undoes: ['hold'] }, env));
  return run === null ? working(call, 'resume') : { state: 'done', value: null };
}

/** Each verb is a command of the user's; what it says is taken for true and labelled `declared`. */
export const command: Kind<CommandSpec, CommandState, CommandChange> = {
  survey,
  save,
  apply,
  restore,
  hold,
  resume,
  confirm,
  async fingerprint(call) {
    call.signal.throwIfAborted();
    return fingerprintOf(call);
  },
};
