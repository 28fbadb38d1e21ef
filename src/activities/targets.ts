import { join } from 'node:path';
import { TargetFailure } from '../release/failure.ts';
import { prove } from '../release/fingerprint.ts';
import type { Json } from '../release/json.ts';
import type { Carried } from '../release/loss.ts';
import type { Beside, Restored, Savepoint, Step } from '../release/target.ts';
import type { AnyKind } from '../targets/kinds.ts';
import type { Discretion } from './boundary.ts';
import { onTarget } from './calling.ts';
import { drive } from './driving.ts';
import { failAfter, failBefore } from './faults.ts';
import type { Activities, ApplyInput, CarryInput, Driven, TargetInput } from './inputs.ts';

type TargetActivities = Pick<
  Activities,
  | 'prepare'
  | 'survey'
  | 'hold'
  | 'resume'
  | 'snapshot'
  | 'migrate'
  | 'seed'
  | 'deploy'
  | 'invalidate'
  | 'compare'
  | 'restore'
  | 'proveByHand'
  | 'restoreBeside'
  | 'measureLoss'
  | 'carryOver'
  | 'exportRows'
  | 'confirm'
>;

/**
 * The verbs of targets under the names of the runbook; all but `survey` are driven to their end. Words for people leave
 * without anything secret; what later steps compare or use again only without what is certainly secret.
 */
export const targetActivities: TargetActivities = {
  prepare: (input) => driven(input, (kind, call) => able(kind, 'prepare').prepare(call, input.place.version), used),
  survey: (input) => onTarget(input, async (kind, call, { redact }) => redact(await kind.survey(call))),
  hold: (input) => driven(input, (kind, call) => able(kind, 'hold').hold(call), used),
  resume: (input) => driven(input, (kind, call) => able(kind, 'resume').resume(call, input.held), told),
  snapshot: (input) => driven(input, (kind, call) => kind.save(call), withoutSecret),
  migrate: apply,
  seed: apply,
  deploy: apply,
  invalidate: apply,
  compare: (input) =>
    onTarget(input, async (kind, call, { redact }) => {
      return redact(await able(kind, 'compare').compare(call, input.savepoint));
    }),
  restoreBeside: (input) => driven(input, (kind, call) => able(kind, 'beside').beside(call, input.savepoint), named),
  measureLoss: (input) =>
    driven(input, (kind, call) => able(kind, 'loss').loss(call, input.savepoint, input.rules), told),
  carryOver: carry,
  exportRows: carry,
  confirm: (input) =>
    onTarget(input, async (kind, call, { redact }) => {
      return redact(await able(kind, 'confirm').confirm(call, input.change, input.place.version));
    }),
  restore: (input) => driven(input, (kind, call) => kind.restore(call, input.savepoint), toldBack),
  proveByHand: (input) =>
    onTarget(input, async (kind, call, { redact }) => {
      if (kind.compare !== undefined) return redact((await kind.compare(call, input.savepoint)).proof);
      return redact(prove(input.savepoint.fingerprint, await kind.fingerprint(call)));
    }),
};

function apply(input: ApplyInput): Promise<Driven<Json>> {
  return driven(input, (kind, call) => kind.apply(call, input.change, input.place.version), told);
}

/** Files of rows lie beside the other evidence of the release. */
function carry(input: CarryInput): Promise<Driven<Carried>> {
  const { place, savepoint, rules, into } = input;
  const directory = join(place.records, 'rows', place.release, input.target.name);
  return driven(input, (kind, call) => able(kind, 'carry').carry(call, savepoint, { ...rules, into, directory }), told);
}

type Verb<T> = (kind: AnyKind, call: Parameters<AnyKind['save']>[0]) => Promise<Step<T>>;
/** What becomes of a verb's value before it is stored in the history. */
type Leaving<T> = (value: T, discretion: Discretion) => T;

function driven<T>(input: TargetInput, verb: Verb<T>, leaving: Leaving<T>): Promise<Driven<T>> {
  return onTarget(input, async (kind, call, discretion) => {
    failBefore(input);
    const end = await drive(input.patienceMs, () => verb(kind, call));
    if (end.state === 'done') failAfter(input);
    return end.state === 'ask' ? discretion.redact(end) : { state: 'done', value: leaving(end.value, discretion) };
  });
}

const told = <T>(value: T, { redact }: Discretion): T => redact(value);
const used = <T>(value: T, { protect }: Discretion): T => protect(value);

/** The name of what was kept is what people need to find it again. */
function toldBack(restored: Restored, { redact, protect }: Discretion): Restored {
  return { ...redact(restored), kept: protect(restored.kept) };
}

function named(beside: Beside, { redact, protect }: Discretion): Beside {
  return { ...redact(beside), name: protect(beside.name) };
}

/** Covering a part of a savepoint would break the restore, so it is not taken: nothing was changed yet. */
function withoutSecret(savepoint: Savepoint, { protect }: Discretion): Savepoint {
  if (JSON.stringify(protect(savepoint)) === JSON.stringify(savepoint)) return savepoint;
  throw new TargetFailure('invalid-input', `the savepoint of ${savepoint.target} holds the value of a secret`, {
    remedy: 'a savepoint is stored in histories and reports: say where the secret is, not what it is',
  });
}

/** The table of kinds promised it when the plan was normalised; a kind that cannot is a defect of the table. */
function able<V extends 'prepare' | 'hold' | 'resume' | 'compare' | 'beside' | 'loss' | 'carry' | 'confirm'>(
  kind: AnyKind,
  verb: V,
): AnyKind & Required<Pick<AnyKind, V>> {
  if (kind[verb] === undefined) throw new TargetFailure('invalid-input', `this kind of target cannot ${verb}`);
  return kind as AnyKind & Required<Pick<AnyKind, V>>;
}
