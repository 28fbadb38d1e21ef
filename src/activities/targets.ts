import { TargetFailure } from '../release/failure.ts';
import { prove } from '../release/fingerprint.ts';
import type { Json } from '../release/json.ts';
import type { Step } from '../release/target.ts';
import type { AnyKind } from '../targets/kinds.ts';
import { onTarget } from './calling.ts';
import { drive } from './driving.ts';
import type { Activities, ApplyInput, Driven, TargetInput } from './inputs.ts';

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
>;

/** The verbs of targets under the names of the runbook; all but `survey` are driven to their end. */
export const targetActivities: TargetActivities = {
  prepare: (input) => driven(input, (kind, call) => able(kind, 'prepare').prepare(call, input.place.version)),
  survey: (input) => onTarget(input, (kind, call) => kind.survey(call)),
  hold: (input) => driven(input, (kind, call) => able(kind, 'hold').hold(call)),
  resume: (input) => driven(input, (kind, call) => able(kind, 'resume').resume(call, input.held)),
  snapshot: (input) => driven(input, (kind, call) => kind.save(call)),
  migrate: apply,
  seed: apply,
  deploy: apply,
  invalidate: apply,
  compare: (input) => onTarget(input, (kind, call) => able(kind, 'compare').compare(call, input.savepoint)),
  restore: (input) => driven(input, (kind, call) => kind.restore(call, input.savepoint)),
  proveByHand: (input) =>
    onTarget(input, async (kind, call) => {
      if (kind.compare !== undefined) return (await kind.compare(call, input.savepoint)).proof;
      return prove(input.savepoint.fingerprint, await kind.fingerprint(call));
    }),
};

function apply(input: ApplyInput): Promise<Driven<Json>> {
  return driven(input, (kind, call) => kind.apply(call, input.change, input.place.version));
}

type Verb<T> = (kind: AnyKind, call: Parameters<AnyKind['save']>[0]) => Promise<Step<T>>;

function driven<T>(input: TargetInput, verb: Verb<T>): Promise<Driven<T>> {
  return onTarget(input, (kind, call) => drive(input.patienceMs, () => verb(kind, call)));
}

/** The table of kinds promised it when the plan was normalised; a kind that cannot is a defect of the table. */
function able<V extends 'prepare' | 'hold' | 'resume' | 'compare'>(
  kind: AnyKind,
  verb: V,
): AnyKind & Required<Pick<AnyKind, V>> {
  if (kind[verb] === undefined) throw new TargetFailure('invalid-input', `this kind of target cannot ${verb}`);
  return kind as AnyKind & Required<Pick<AnyKind, V>>;
}
