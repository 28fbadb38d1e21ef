import type { RehearseInput, TargetInput } from '../activities/inputs.ts';
import type { PlannedStep } from '../release/plan.ts';
import { provesBackward, type Rehearsal, type RehearsedChange, rehearsalInWords } from '../release/rehearsal.ts';
import type { StepStatus } from '../release/status.ts';
import type { Trouble } from './failures.ts';
import type { patiently } from './proxies.ts';
import { findTarget, record, type Story } from './state.ts';

type Hands = Pick<ReturnType<typeof patiently>, 'rehearse'>;
type Rehearsing = { step: PlannedStep; status: StepStatus; input: TargetInput; hands: Hands };

/** A FAIL is a failed step. Nothing was changed by it, so nothing has to go back because of it. */
export async function rehearseStep(story: Story, { step, status, input, hands }: Rehearsing): Promise<Trouble | null> {
  const { rehearsal: planned } = step;
  const savepoint = story.status.savepoints.find(({ target }) => target === input.target.name);
  if (planned === undefined || savepoint === undefined) throw new TypeError(`${step.id} has nothing to rehearse`);
  const service = planned.service === null ? null : findTarget(story, planned.service);
  const rehearsal = await hands.rehearse({
    ...input,
    savepoint,
    rehearsal: planned,
    changes: changesOf(story, input.target.name),
    service: service && { target: service, pinned: story.artefacts.get(service.name) ?? null },
  } satisfies RehearseInput);
  status.rehearsal = rehearsal;
  status.detail = rehearsalInWords(rehearsal);
  for (const { status: how, what } of rehearsal.findings) if (how === 'WARN') record(story, `warning: ${what}`);
  if (everyMigrationIsProved(story)) story.status.proved = true;
  return troubleIn(rehearsal);
}

/** What the plan does to the database, with the checks that follow each change. */
function changesOf(story: Story, name: string): RehearsedChange[] {
  const changes: RehearsedChange[] = [];
  for (const { activity, target, checks } of story.input.plan.steps) {
    if (target !== name) continue;
    if (activity === 'migrate' || activity === 'seed') changes.push({ change: activity, checks: [] });
    if (activity === 'verify') changes.at(-1)?.checks.push(...checks);
  }
  return changes;
}

/** One database that nobody tried leaves it a claim that the previous code runs on the new schema. */
function everyMigrationIsProved({ input, status }: Story): boolean {
  const migrated = input.plan.steps.filter(({ activity }) => activity === 'migrate').map(({ target }) => target);
  const proved = status.steps.filter(({ rehearsal }) => rehearsal !== undefined && provesBackward(rehearsal));
  return migrated.length > 0 && migrated.every((name) => proved.some(({ target }) => target === name));
}

function troubleIn({ findings }: Rehearsal): Trouble | null {
  const failed = findings.filter(({ status }) => status === 'FAIL');
  if (failed.length === 0) return null;
  const message = `the rehearsal failed: ${failed.map(({ what }) => what).join('; ')}`;
  const remedy = failed.flatMap((finding) => finding.remedy ?? []).join('; ');
  return { cause: 'failed', failure: { kind: 'refused', message, ...(remedy === '' ? {} : { remedy }) } };
}
