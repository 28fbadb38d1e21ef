import type { ApplyInput, TargetInput } from '../activities/inputs.ts';
import type { CheckResult } from '../release/check.ts';
import type { Json } from '../release/json.ts';
import type { Phase, PlannedStep, PlannedTarget } from '../release/plan.ts';
import type { StepStatus } from '../release/status.ts';
import type { Survey } from '../release/target.ts';
import { missedOf, raiseAlarm } from './alerting.ts';
import { faultOf } from './drilling.ts';
import { drive } from './drive.ts';
import { type Trouble, troubleInChecks, troubleInJudgements, troubleOf, viewOf } from './failures.ts';
import { announceMaintenance, announceRecovery } from './maintenance.ts';
import { waitWhilePaused } from './pausing.ts';
import { patiently } from './proxies.ts';
import { rehearseStep } from './rehearsing.ts';
import { callOf, findTarget, now, record, refresh, type Story, stepStatus } from './state.ts';
import { settle } from './trouble.ts';

/** Takes every step of a phase in the order of the plan. */
export async function takePhase(story: Story, phase: Phase): Promise<void> {
  for (const step of story.input.plan.steps.filter((each) => each.phase === phase)) await takeStep(story, step);
}

async function takeStep(story: Story, step: PlannedStep): Promise<void> {
  for (let round = 1; ; round += 1) {
    await waitWhilePaused(story);
    const trouble = await tryStep(story, step, round);
    if (trouble === null) return;
    const settled = await settle(story, step, trouble);
    if (settled === 'by-hand') return takeAsDone(story, step);
    if (settled === 'stay') return;
  }
}

/** Somebody did it, and the target agrees. */
function takeAsDone(story: Story, step: PlannedStep): void {
  Object.assign(stepStatus(story, step), { state: 'by-hand', failure: null, endedAt: now() });
  if (step.target !== null && !findTarget(story, step.target).traits.stores) delete story.status.held[step.target];
  record(story, `done by hand: ${step.id}`);
}

async function tryStep(story: Story, step: PlannedStep, round: number): Promise<Trouble | null> {
  const status = stepStatus(story, step);
  begin(story, status);
  try {
    const trouble = await run(story, step, { status, round });
    end(story, status, trouble);
    return trouble;
  } catch (error) {
    // What halted decides, not the shape of the error: targets may answer a cancellation with any failure.
    if (story.status.halt !== null) {
      end(story, status, { cause: 'failed', failure: { kind: 'cancelled', message: 'halted while it ran' } });
      throw error;
    }
    const trouble = troubleOf(viewOf(error));
    end(story, status, trouble);
    return trouble;
  }
}

function begin(story: Story, status: StepStatus): void {
  status.state = 'running';
  status.startedAt ??= now();
  status.endedAt = null;
  status.failure = null;
  record(story, status.id);
}

function end(story: Story, status: StepStatus, trouble: Trouble | null): void {
  status.endedAt = now();
  status.failure = trouble?.failure ?? null;
  status.state = trouble === null ? 'done' : 'failed';
  record(story, trouble === null ? `done: ${status.id}` : `failed: ${status.id}: ${trouble.failure.message}`);
}

type Run = { status: StepStatus; round: number };

/** How long a check that cannot be asked is asked again before people are. */
export const pendingForMs = 20_000;

/** Runs one step by its name. What is not about a target is a list of checks or of requests. */
async function run(story: Story, step: PlannedStep, { status, round }: Run): Promise<Trouble | null> {
  const { patienceMs, checks } = step;
  const summary = `${step.id} ${story.status.version}`;
  // Before the first change a question without an answer stops at once; afterwards it is asked again for a while.
  const input = { place: story.place, checks, pendingForMs: step.activity === 'preflight' ? 0 : pendingForMs };
  switch (step.activity) {
    case 'preflight':
    case 'verify':
    case 'logs':
    case 'smoke':
    case 'monitoring':
      return judgeChecks(
        story,
        status,
        await patiently(story, { summary, patienceMs, target: null })[step.activity](input),
      );
    case 'performance': {
      const { performance } = patiently(story, { summary, patienceMs, target: null });
      const { requests, measurements } = step;
      const further = measurements === undefined ? {} : { measurements };
      const compared = story.before === null ? {} : { before: story.before };
      status.judgements = await performance({ place: story.place, requests, ...further, ...compared });
      return troubleInJudgements(status.judgements);
    }
    default:
      return await runOnTarget(story, step, { status, round });
  }
}

function judgeChecks(story: Story, status: StepStatus, results: CheckResult[]): Trouble | null {
  status.checks = results;
  refresh(story);
  const trouble = troubleInChecks(results);
  return trouble && raiseAlarm(story, 'failed', { trouble, found: missedOf(results) });
}

async function runOnTarget(story: Story, step: PlannedStep, { status, round }: Run): Promise<Trouble | null> {
  const target = findTarget(story, step.target);
  const { patienceMs } = step;
  const hands = patiently(story, { summary: `${step.id} ${story.status.version}`, patienceMs, target });
  const call = callOf(story, target, step.change ?? step.activity, round);
  const input: TargetInput = { ...call, patienceMs, ...faultOf(story, step) };
  switch (step.activity) {
    case 'prepare':
      story.artefacts.set(target.name, await drive(story, step.id, (fence) => hands.prepare({ ...input, fence })));
      return null;
    case 'survey':
      return judgeSurvey(story, target, await hands.survey(input));
    case 'hold':
      announceMaintenance(story, `writers of ${target.name} are held for the migration`);
      await holdTarget(story, target, () => drive(story, step.id, (fence) => hands.hold({ ...input, fence })));
      return null;
    case 'resume': {
      const held = story.status.held[target.name] ?? null;
      story.status.writtenTo.push(target.name);
      await drive(story, step.id, (fence) => hands.resume({ ...input, fence, held }));
      delete story.status.held[target.name];
      announceRecovery(story);
      return null;
    }
    case 'snapshot':
      return await takeSnapshot(story, status, { input, hands });
    case 'rehearse':
      return await rehearseStep(story, { step, status, input, hands });
    case 'migrate':
    case 'seed':
    case 'deploy':
    case 'invalidate': {
      const apply = hands[step.activity];
      const change = step.change ?? step.activity;
      return await applyChange(story, target, () =>
        drive(story, step.id, (fence) => apply({ ...input, fence, change } satisfies ApplyInput)),
      );
    }
    default:
      throw new TypeError(`step ${step.id} has no activity for a target: ${step.activity}`);
  }
}

/** Registered before it begins: a hold that is cut off half way is let go all the same. */
export async function holdTarget(story: Story, { name }: PlannedTarget, hold: () => Promise<Json>): Promise<void> {
  const { held } = story.status;
  held[name] ??= null;
  held[name] = await hold();
}

/** A database that is held only from now on was written to since its savepoint, whoever continues this release. */
export function noteWritten({ status }: Story, { name, traits }: PlannedTarget): void {
  if (traits.stores && !(name in status.held) && !status.writtenTo.includes(name)) status.writtenTo.push(name);
}

type Saving = { input: TargetInput; hands: ReturnType<typeof patiently> };

/** A resumed release goes back to what its first attempt observed, never to what that attempt left behind. */
async function takeSnapshot(story: Story, status: StepStatus, { input, hands }: Saving): Promise<null> {
  const { savepoints } = story.status;
  const taken = savepoints.find(({ target }) => target === input.target.name);
  if (taken !== undefined) {
    status.detail = `taken by the first attempt at ${taken.takenAt}`;
    return null;
  }
  const savepoint = await drive(story, status.id, (fence) => hands.snapshot({ ...input, fence }));
  savepoints.push(savepoint);
  status.detail = savepoint.absent ? 'there was nothing before' : `version ${savepoint.version ?? 'not known'}`;
  return null;
}

/** The undo is registered before the effect may begin: restoring is right whether it never ran, half ran or finished. */
async function applyChange(story: Story, target: PlannedTarget, apply: () => Promise<Json>): Promise<null> {
  const { changed, held } = story.status;
  const first = !changed.includes(target.name);
  if (first) changed.push(target.name);
  const wasUntouched = first || story.untouched.has(target.name);
  story.untouched.delete(target.name);
  const value = await apply();
  const didNothing = typeof value === 'object' && value !== null && !Array.isArray(value) && value.changed === false;
  if (didNothing && wasUntouched) story.untouched.add(target.name);
  // A service that was held is replaced by its deployment: there is nothing left to start again.
  if (!target.traits.stores) delete held[target.name];
  return null;
}

/** A FAIL stops before anything is changed. What runs now must be what was described when people approved. */
function judgeSurvey(story: Story, target: PlannedTarget, survey: Survey): Trouble | null {
  const known = story.running.get(target.name);
  if (known !== undefined && known !== survey.running) {
    const message = `${target.name} ran ${known ?? 'nothing'} when this release was approved and runs ${survey.running ?? 'nothing'} now`;
    return { cause: 'failed', failure: { kind: 'changed', message, remedy: 'look at what changed and start again' } };
  }
  story.running.set(target.name, survey.running);
  for (const { what } of survey.findings.filter(({ status }) => status === 'WARN')) record(story, `warning: ${what}`);
  const failed = survey.findings.filter(({ status }) => status === 'FAIL');
  if (failed.length === 0) return null;
  const message = failed.map(({ what }) => what).join('; ');
  const remedy = failed.flatMap((finding) => finding.remedy ?? []).join('; ');
  return { cause: 'failed', failure: { kind: 'refused', message, ...(remedy === '' ? {} : { remedy }) } };
}
