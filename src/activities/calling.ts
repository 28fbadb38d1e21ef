import { Context, log } from '@temporalio/activity';
import { attemptsPerCall } from '../release/fence.ts';
import type { Json } from '../release/json.ts';
import type { Call, Log } from '../release/target.ts';
import { knownSecrets } from '../secrets/known.ts';
import { redactor } from '../secrets/redact.ts';
import { resolveReferences } from '../secrets/resolve.ts';
import { type AnyKind, loadTarget } from '../targets/kinds.ts';
import { atBoundary, type Discretion } from './boundary.ts';
import type { Place, TargetInput } from './inputs.ts';
import { pastDurations } from './past.ts';

/** Attempts of one call that have a fence of their own; with Temporal's waits, more than that take over two hours. */
const fencedAttempts = attemptsPerCall - 1;

/** `discretion` covers what is secret in whatever leaves the activity. */
type Use<T> = (kind: AnyKind, call: Call<Json>, discretion: Discretion) => Promise<T>;

/** Loads the kind, resolves the references of its spec and hands both to `use`; secrets end here. */
export async function onTarget<T>(input: TargetInput, use: Use<T>): Promise<T> {
  return await atBoundary(async (discretion) => {
    const kind = await loadTarget(input.target.kind);
    const spec = await resolved(input.target.spec, input.place, discretion);
    const { info, cancellationSignal } = Context.current();
    const { application, environment, release, home } = input.place;
    const call: Call<Json> = {
      spec,
      application,
      environment,
      target: input.target.name,
      release,
      home,
      key: input.key,
      fence: input.fence + Math.min(info.attempt, fencedAttempts),
      pinned: input.pinned,
      compatibility: input.target.compatibility,
      past: input.target.traits.paced === true ? await pastDurations(input, info.activityType) : [],
      signal: cancellationSignal,
      log: discreetLog(discretion),
    };
    return await use(kind, call, discretion);
  });
}

/** Puts values in place of references; `discretion` knows them, and everything else that is secret here, from now on. */
export async function resolved(spec: Json, { home, references }: Place, discretion: Discretion): Promise<Json> {
  const surroundings = { env: process.env, home };
  const known = await knownSecrets(references, surroundings);
  discretion.redact = redactor(known.all);
  discretion.protect = redactor(known.certain);
  const { value, secrets } = await resolveReferences(spec, surroundings);
  discretion.redact = redactor([...known.all, ...secrets]);
  return value;
}

export function discreetLog(discretion: Discretion): Log {
  return {
    info: (message, fields) => log.info(discretion.redact(message), discretion.redact(fields ?? {})),
    warn: (message, fields) => log.warn(discretion.redact(message), discretion.redact(fields ?? {})),
  };
}
