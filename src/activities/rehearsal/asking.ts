import { askUntil } from '../../checks/ask.ts';
import { newRun, withRun } from '../../checks/run-value.ts';
import type { CheckResult, PlannedCheck } from '../../release/check.ts';
import { TargetFailure } from '../../release/failure.ts';
import type { Json } from '../../release/json.ts';
import type { RehearsalName } from '../../release/rehearsal.ts';
import { discreetLog, resolved } from '../calling.ts';
import type { Trial } from './trial.ts';

/** How long a check that cannot be asked is asked again. */
const pendingForMs = 5_000;

/** Base address of the version that was started; null where none runs. `database`: where it finds the copy. */
export type Addresses = { service: string | null; database: string | null };

function mapTexts(json: Json, replace: (text: string) => string): Json {
  if (typeof json === 'string') return replace(json);
  if (Array.isArray(json)) return json.map((item) => mapTexts(item, replace));
  if (json === null || typeof json !== 'object') return json;
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, mapTexts(item, replace)]));
}

/** Leads a check to the copy. `led`: did any address of it lead there? */
function pointed(
  { kind, call, scratch }: Trial,
  spec: Json,
  { service, database }: Addresses,
): { spec: Json; led: boolean } {
  let led = false;
  const lead = (text: string): string => {
    const filled = text
      .replaceAll('${rehearsal.service}', service ?? '')
      .replaceAll('${rehearsal.url}', database ?? '');
    const redirected = kind.redirect(filled, call.spec, scratch);
    led ||= filled !== text || redirected !== null;
    return redirected ?? filled;
  };
  return { spec: mapTexts(spec, lead), led };
}

/**
 * Asks the copy. A check that would ask something else says nothing about it and is left out, with a note.
 * Notes what is wrong as findings.
 * @returns whether nothing was FAIL and everything could be asked
 */
export async function ask(
  trial: Trial,
  checks: readonly PlannedCheck[],
  how: { name: RehearsalName; whose: string; addresses: Addresses },
): Promise<boolean> {
  const entry = trial.parts.findLast(({ name }) => name === how.name);
  let good = true;
  for (const planned of checks) {
    const result = await askOne(trial, planned, how.addresses);
    if (result === null) {
      const what = `${planned.name} asks something else than the copy, so it was not asked`;
      trial.findings.push({ status: 'PASS', what });
      continue;
    }
    entry?.checks.push(result);
    if (result.status === 'PASS') continue;
    const bad = result.status === 'PENDING' || (result.status === 'FAIL' && planned.critical);
    if (bad) good = false;
    const what = `${how.whose}: ${planned.name}: ${result.summary}`;
    trial.findings.push({
      status: bad ? 'FAIL' : 'WARN',
      what,
      ...(result.remedy === undefined ? {} : { remedy: result.remedy }),
    });
  }
  return good;
}

async function askOne(trial: Trial, planned: PlannedCheck, addresses: Addresses): Promise<CheckResult | null> {
  const { input, call, clock, discretion } = trial;
  const { home, version, records } = input.place;
  try {
    const { spec, led } = pointed(
      trial,
      await resolved(withRun(planned.spec, newRun()), input.place, discretion),
      addresses,
    );
    if (!led) return null;
    const asking = { spec, home, version, records, signal: call.signal, log: discreetLog(discretion) };
    const result = await askUntil({ ...planned, pendingForMs }, asking, clock);
    call.signal.throwIfAborted();
    return result;
  } catch (error) {
    if (!(error instanceof TargetFailure) || call.signal.aborted) throw error;
    const { name, kind, critical } = planned;
    const answer = {
      status: 'PENDING' as const,
      summary: error.message,
      evidence: '',
      remedy: error.details.remedy ?? 'see the message',
    };
    return { ...answer, name, kind, critical, durationMs: 0, tries: 0 };
  }
}
