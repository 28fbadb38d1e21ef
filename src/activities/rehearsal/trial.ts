import type { Clock } from '../../checks/clock.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { RehearsalName, RehearsalPart } from '../../release/rehearsal.ts';
import type { Call, Finding, SeenStatement, Step } from '../../release/target.ts';
import type { AnyKind } from '../../targets/kinds.ts';
import type { Discretion } from '../boundary.ts';
import { drive } from '../driving.ts';
import type { RehearseInput } from '../inputs.ts';

type Verbs = 'scratch' | 'discardScratch' | 'structure' | 'seen' | 'redirect';

/** The code whose versions are started on the copy. `address`: where it finds the database that users have. */
export type Service = {
  kind: AnyKind & Required<Pick<AnyKind, 'stage' | 'unstage'>>;
  call: Call<Json>;
  address: string;
};

/** One attempt at a rehearsal. Everything begins anew with each: what an attempt before made is removed first. */
export type Trial = {
  input: RehearseInput;
  clock: Clock;
  discretion: Discretion;
  kind: AnyKind & Required<Pick<AnyKind, Verbs>>;
  call: Call<Json>;
  service: Service | null;
  /** The copy, once it is made. */
  scratch: Json;
  findings: Finding[];
  parts: RehearsalPart[];
  statements: SeenStatement[];
};

/** The call of one verb. Keys differ between attempts, so that nothing of an earlier one is taken for done. */
export function callFor(call: Call<Json>, verb: string): Call<Json> {
  return { ...call, key: `${call.key}@${call.fence}/${verb}` };
}

/** The same on the copy. */
export function onScratch({ call, scratch }: Trial, verb: string): Call<Json> {
  return { ...callFor(call, verb), spec: scratch };
}

/** Drives a verb to its end. @throws TargetFailure `refused` where only a person could do it */
export async function driven<T>({ input }: Trial, verb: () => Promise<Step<T>>): Promise<T> {
  const end = await drive(input.patienceMs, verb);
  if (end.state === 'done') return end.value;
  throw new TargetFailure('refused', `a rehearsal cannot wait for a person: ${end.question}`);
}

/** What cannot say anything about the migration: the attempt itself is over, or is worth another. */
const noFinding: readonly string[] = ['stale-fence', 'unreachable', 'busy'];

/** `said` explains a failure; left out: its own message is enough. */
export type Part<T> = { name: RehearsalName; said?: string; work: () => Promise<T> };

/** Does one part and notes how long it took. A failure is a finding: that is what a rehearsal is for. */
export async function part<T>(trial: Trial, { name, said, work }: Part<T>): Promise<{ value: T } | 'failed'> {
  const entry: RehearsalPart = { name, ms: 0, checks: [] };
  trial.parts.push(entry);
  const begun = trial.clock.now();
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof TargetFailure) || trial.call.signal.aborted || noFinding.includes(error.kind)) throw error;
    const { evidence, remedy } = error.details;
    const what = [said, error.message, evidence].filter((each) => each !== undefined && each !== '').join(': ');
    trial.findings.push({
      status: 'FAIL',
      what: what.replaceAll(/\s+/g, ' ').slice(0, 1_000),
      ...(remedy === undefined ? {} : { remedy }),
    });
    return 'failed';
  } finally {
    entry.ms = Math.round(trial.clock.now() - begun);
  }
}
