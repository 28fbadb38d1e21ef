import { TargetFailure } from '../../release/failure.ts';
import type { Call, Step } from '../../release/target.ts';
import { pause } from './connection.ts';
import { placeOf } from './names.ts';
import type { PostgresSpec } from './postgres.schema.ts';

type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };
type Running = {
  fence: number;
  database: string;
  controller: AbortController;
  outcome: Outcome | null;
  settled: Promise<void>;
  detail: string;
};

/** What this process works on. A worker that was killed finds it empty and goes by what the server remembers. */
const running = new Map<string, Running>();
/** A quick effect is answered at once instead of being looked for again. */
const quickMs = 250;
const lookAgainMs = 250;

/** `tell` sets the line that people see while it works; `signal` ends the work. */
export type Progress = { signal: AbortSignal; tell(detail: string): void };

function start(call: Call<PostgresSpec>, detail: string, work: (progress: Progress) => Promise<unknown>): Running {
  const controller = new AbortController();
  const entry: Running = {
    fence: call.fence,
    database: scopeOf(call),
    controller,
    outcome: null,
    settled: Promise.resolve(),
    detail,
  };
  const abort = () => controller.abort(call.signal.reason);
  call.signal.addEventListener('abort', abort, { once: true });
  const progress: Progress = {
    signal: controller.signal,
    tell: (line) => {
      entry.detail = line;
    },
  };
  entry.settled = work(progress)
    .then(
      (value) => {
        entry.outcome = { ok: true, value };
      },
      (error: unknown) => {
        entry.outcome = { ok: false, error };
      },
    )
    .finally(() => call.signal.removeEventListener('abort', abort));
  return entry;
}

/** Server and database, without role and password. */
function scopeOf(call: Call<PostgresSpec>): string {
  const place = placeOf(call.spec);
  return `${new URL(place.url).host}/${place.database}`;
}

/** A newer attempt, or another verb, ends what this process still does to the database, and sees it ended. */
export async function endOthers(call: Call<PostgresSpec>): Promise<void> {
  const scope = scopeOf(call);
  for (const [key, entry] of running) {
    const same = key === call.key && entry.fence === call.fence;
    if (entry.database !== scope || same) continue;
    if (entry.fence > call.fence) {
      throw new TargetFailure('stale-fence', `attempt ${call.fence} was overtaken by attempt ${entry.fence}`);
    }
    entry.controller.abort(new TargetFailure('stale-fence', `attempt ${entry.fence} was overtaken`));
    await entry.settled;
    running.delete(key);
  }
}

/** Does this very attempt work on it already? Then there is nothing else to look at. */
export function isRunning(call: Pick<Call<PostgresSpec>, 'key' | 'fence'>): boolean {
  return running.get(call.key)?.fence === call.fence;
}

/**
 * Begins a long effect, or finds the one that this attempt began, and answers at once.
 * @throws whatever `work` threw, once
 */
export async function inBackground<T>(
  call: Call<PostgresSpec>,
  detail: string,
  work: (progress: Progress) => Promise<T>,
): Promise<Step<T>> {
  await endOthers(call);
  let entry = running.get(call.key);
  if (entry === undefined) {
    call.signal.throwIfAborted();
    entry = start(call, detail, work);
    running.set(call.key, entry);
  }
  // An aborted attempt answers only when its statement or its command is really over.
  await (call.signal.aborted ? entry.settled : Promise.race([entry.settled, pause(quickMs)]));
  if (entry.outcome === null) return { state: 'working', detail: entry.detail, lookAgainMs };
  running.delete(call.key);
  if (!entry.outcome.ok) throw entry.outcome.error;
  return { state: 'done', value: entry.outcome.value as T };
}
