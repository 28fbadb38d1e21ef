import type { Clock } from '../../checks/clock.ts';
import { TargetFailure } from '../../release/failure.ts';
import { type Proof, prove } from '../../release/fingerprint.ts';
import type { Json } from '../../release/json.ts';
import { type Rehearsal, type RehearsedChange, worstOf } from '../../release/rehearsal.ts';
import type { Call, Step } from '../../release/target.ts';
import { type AnyKind, loadTarget } from '../../targets/kinds.ts';
import type { Discretion } from '../boundary.ts';
import { onTarget, resolved } from '../calling.ts';
import type { RehearseInput } from '../inputs.ts';
import { ask } from './asking.ts';
import { callFor, driven, onScratch, part, type Service, type Trial } from './trial.ts';
import { tryVersions } from './versions.ts';

/** What is left is removed within this time, whatever happened. */
const cleanWithinMs = 60_000;

/**
 * Tries a migration on a copy of its savepoint: migrates, verifies, migrates again, lets both versions of a service work
 * with it, and goes back. Users' database is not entered. Nothing is left, also after a cancellation.
 */
export async function rehearse(input: RehearseInput, clock: Clock): Promise<Rehearsal> {
  return await onTarget(input, async (kind, call, discretion) => {
    const trial = await open(input, { kind, call, discretion, clock });
    try {
      await clean(trial, call.signal);
      await carryOut(trial);
    } finally {
      await cleanAtLast(trial);
    }
    const { findings, parts, statements } = trial;
    return discretion.redact({ verdict: worstOf(findings), findings, parts, statements });
  });
}

type Around = { kind: AnyKind; call: Call<Json>; discretion: Discretion; clock: Clock };

async function open(input: RehearseInput, { kind, call, discretion, clock }: Around): Promise<Trial> {
  return {
    input,
    clock,
    discretion,
    kind: rehearsing(kind),
    call,
    service: await serviceOf(input, call, discretion),
    scratch: null,
    findings: [],
    parts: [],
    statements: [],
  };
}

function rehearsing(kind: AnyKind): Trial['kind'] {
  const { scratch, discardScratch, structure, seen, redirect } = kind;
  if (!scratch || !discardScratch || !structure || !seen || !redirect) {
    throw new TargetFailure('invalid-input', 'this kind of target cannot be rehearsed');
  }
  return { ...kind, scratch, discardScratch, structure, seen, redirect };
}

async function serviceOf(input: RehearseInput, call: Call<Json>, discretion: Discretion): Promise<Service | null> {
  if (input.service === null) return null;
  const { target, pinned } = input.service;
  const kind = await loadTarget(target.kind);
  const { stage, unstage } = kind;
  if (!stage || !unstage) throw new TargetFailure('invalid-input', `${target.name} cannot be started for a rehearsal`);
  const spec = await resolved(target.spec, input.place, discretion);
  const address = valueAt(valueAt(spec, 'env'), input.rehearsal.variable);
  return {
    kind: { ...kind, stage, unstage },
    call: { ...call, spec, target: target.name, pinned },
    address: typeof address === 'string' ? address : '',
  };
}

function valueAt(json: Json | undefined, key: string): Json | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json[key] : undefined;
}

async function carryOut(trial: Trial): Promise<void> {
  if ((await part(trial, { name: 'copy', work: () => makeScratch(trial, 'copy') })) === 'failed') return;
  for (const planned of trial.input.changes) if (!(await tryChange(trial, planned))) return;
  await tryVersions(trial);
  await goBack(trial);
}

async function makeScratch(trial: Trial, verb: string): Promise<void> {
  const { kind, call, input } = trial;
  trial.scratch = await driven(trial, () => kind.scratch(callFor(call, verb), input.savepoint));
}

function apply(trial: Trial, change: RehearsedChange['change'], verb: string): Promise<Json> {
  const call = onScratch(trial, verb);
  return driven(trial, () => trial.kind.apply(call, change, trial.input.place.version));
}

/** @returns whether anything further can be learnt */
async function tryChange(trial: Trial, { change, checks }: RehearsedChange): Promise<boolean> {
  if ((await part(trial, { name: change, work: () => apply(trial, change, change) })) === 'failed') return false;
  if (change === 'migrate') await look(trial);
  const name = change === 'migrate' ? 'verify' : 'verify seed';
  if (checks.length > 0) {
    const how = { name, whose: `after ${change}`, addresses: { service: null, database: null } } as const;
    await part(trial, { name, work: () => ask(trial, checks, how) });
  }
  return change === 'migrate' ? await again(trial) : true;
}

/** What the migration did to the schema, and by which statements. */
async function look(trial: Trial): Promise<void> {
  const { statements, findings } = await trial.kind.seen(onScratch(trial, 'seen'));
  trial.statements.push(...statements);
  trial.findings.push(...findings);
}

/**
 * A second run must change nothing. Where it does, that is forbidden only if the plan says that the migration may be
 * repeated; the copy is made again then, so that what follows sees what users would.
 */
async function again(trial: Trial): Promise<boolean> {
  const { claimsRepeatable } = await trial.kind.seen(onScratch(trial, 'seen'));
  const ran = await part(trial, { name: 'migrate again', work: () => secondRun(trial) });
  if (ran === 'failed' || ran.value === null) return ran !== 'failed';
  const remedy = claimsRepeatable
    ? 'take `repeatable: true` out, or let the migration see what it has done before'
    : 'nothing to do: it is run once, and an interrupted one is never run on top of itself';
  trial.findings.push({ status: claimsRepeatable ? 'FAIL' : 'WARN', what: `not safe to repeat: ${ran.value}`, remedy });
  return (await part(trial, { name: 'copy', work: () => copyAgain(trial) })) !== 'failed';
}

async function copyAgain(trial: Trial): Promise<void> {
  await makeScratch(trial, 'copy again');
  await apply(trial, 'migrate', 'migrate the copy again');
}

async function secondRun(trial: Trial): Promise<string | null> {
  const fingerprint = () => trial.kind.fingerprint(onScratch(trial, 'fingerprint'));
  const before = await fingerprint();
  try {
    await apply(trial, 'migrate', 'migrate again');
  } catch (error) {
    if (!(error instanceof TargetFailure) || error.kind !== 'failed') throw error;
    return `the second run fails: ${error.message}`;
  }
  const { differences } = prove(before, await fingerprint());
  return differences.length === 0 ? null : `the second run changes ${inWords(differences)}`;
}

function inWords(differences: Proof['differences']): string {
  const said = differences.map(
    ({ part: name, expected, actual }) => `${name} (${expected ?? 'none'} → ${actual ?? 'none'})`,
  );
  return said.slice(0, 5).join(', ');
}

/** The same restore as in a release, over the copy; it compares with the savepoint before it exchanges anything. */
async function goBack(trial: Trial): Promise<void> {
  const { kind, input } = trial;
  const call = onScratch(trial, 'way back');
  const work = async (): Promise<void> => {
    const { proof } = await driven(trial, () => kind.restore(call, input.savepoint));
    if (proof.differences.length === 0) return;
    throw new TargetFailure('failed', `it differs from the savepoint in ${inWords(proof.differences)}`);
  };
  await part(trial, { name: 'way back', said: 'the way back does not bring back the savepoint', work });
}

async function clean({ kind, call, service }: Trial, signal: AbortSignal): Promise<void> {
  if (service !== null) await looped(() => service.kind.unstage({ ...callFor(service.call, 'end all'), signal }));
  await looped(() => kind.discardScratch({ ...callFor(call, 'discard'), signal }));
}

/** Also when the activity was cancelled, so it may not use the activity's own signal. */
async function cleanAtLast(trial: Trial): Promise<void> {
  try {
    await clean(trial, AbortSignal.timeout(cleanWithinMs));
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    // A newer attempt removes it itself.
    if (error.kind === 'stale-fence') return;
    const what = `something of the rehearsal is left: ${error.message}`;
    trial.findings.push({ status: 'WARN', what, remedy: 'drop the database whose name holds `_scratch_`' });
    trial.call.log.warn(what);
  }
}

async function looped(verb: () => Promise<Step<null>>): Promise<void> {
  for (let step = await verb(); step.state !== 'done'; step = await verb()) {
    await new Promise((resolve) => setTimeout(resolve, step.state === 'working' ? step.lookAgainMs : 1_000));
  }
}
