import { CancellationScope } from '@temporalio/workflow';
import type { TargetFacts } from '../release/compatibility.ts';
import type { PlannedStep } from '../release/plan.ts';
import { type ChoiceId, type Decision, decide, type Procedure, type Situation, targetsOf } from '../release/policy.ts';
import type { Choice, Outcome } from '../release/status.ts';
import type { Standing } from '../release/target.ts';
import { type Trouble, viewOf } from './failures.ts';
import { tell } from './notices.ts';
import { patiently } from './proxies.ts';
import { type Answered, ask, choice } from './questions.ts';
import { callOf, findTarget, note, record, type Story } from './state.ts';

/**
 * How the forward steps end early. `stop`: nothing was changed · `unchanged`: what changed was proved equal to its
 * savepoint · `restore`: these targets go back · `stay`: a person leaves everything as it is.
 */
export type Return = {
  do: 'stop' | 'unchanged' | 'restore' | 'stay';
  targets: string[];
  because: string;
  /** Where the ending is no consequence of what was restored: a no-go, an abort. */
  outcome?: Outcome;
};

/** Leaves the forward steps; caught by the story, never by Temporal. */
export class GoBack extends Error {
  readonly plan: Return;

  constructor(plan: Return) {
    super(plan.because);
    this.name = 'GoBack';
    this.plan = plan;
  }
}

type Failed = Pick<PlannedStep, 'id' | 'target'> & { activity: Situation['step']['activity'] };

const databaseSteps: readonly string[] = ['migrate', 'verify', 'seed'];

/** Times that code changed after a person's decision to go on although the step failed. */
const goesOnAfterStay: readonly string[] = ['logs', 'smoke', 'performance', 'monitoring', 'watch', 'invalidate'];

/**
 * Decides what a failed step means: throws `GoBack`, or returns `retry` or `stay`.
 * The failure names the release's failed step; where people try again, what was said before counts.
 */
export async function settle(story: Story, step: Failed, trouble: Trouble): Promise<'retry' | 'stay'> {
  const { status } = story;
  const before = { failedStep: status.failedStep, failure: status.failure };
  status.failedStep = step.id;
  status.failure = trouble.failure;
  const situation = await situationOf(story, step, trouble.cause);
  const decision = decide(situation);
  record(story, `${step.id}: ${decision.because}`);
  if (decision.do !== 'ask') throw new GoBack(returnOf(decision));
  const answered = await askAbout(story, step, { trouble, decision });
  if (answered.choice !== 'retry') return applyChoice(story, step, { answered, situation, cause: trouble.cause });
  Object.assign(status, before);
  return 'retry';
}

export async function situationOf(story: Story, step: Failed, cause: Situation['cause']): Promise<Situation> {
  const facts = factsOf(story);
  const failed = facts.find(({ name }) => name === step.target);
  if (failed?.stores && failed.changed && databaseSteps.includes(step.activity)) {
    failed.standing = (await standingOf(story, failed.name)).state;
    if (failed.standing === 'equal') story.untouched.add(failed.name);
    else story.untouched.delete(failed.name);
  }
  return {
    step: { activity: step.activity, target: step.target },
    cause,
    targets: facts,
    heldSinceSavepoint: isHeldSinceSavepoint(story),
    loss: null,
  };
}

export function factsOf(story: Story): TargetFacts[] {
  return story.input.plan.targets.map(({ name, traits, compatibility, scope }) => ({
    name,
    stores: traits.stores,
    compatibility,
    changed: story.status.changed.includes(name),
    scope,
    standing: story.untouched.has(name) ? 'equal' : null,
  }));
}

/** Every changed database is held, and has been without a gap since before its savepoint was taken. */
function isHeldSinceSavepoint(story: Story): boolean {
  const { changed, held, writtenTo } = story.status;
  const databases = changed.filter((name) => findTarget(story, name).traits.stores && !story.untouched.has(name));
  return databases.length > 0 && databases.every((name) => name in held && !writtenTo.includes(name));
}

/** A comparison that fails means that nobody knows, which is never treated as equal. */
async function standingOf(story: Story, name: string): Promise<Standing> {
  const target = findTarget(story, name);
  const savepoint = story.status.savepoints.find((each) => each.target === name);
  const unknown: Standing = { state: 'unknown', proof: { level: 'unproved', parts: [], differences: [] }, detail: '' };
  if (savepoint === undefined) return unknown;
  const patienceMs = 10 * 60_000;
  const { compare } = patiently(story, { summary: `compare ${name} with its savepoint`, patienceMs, target });
  try {
    const standing = await compare({ ...callOf(story, target, 'compare'), patienceMs, savepoint });
    record(story, `${name} compared with its savepoint: ${standing.state}; ${standing.detail}`);
    if (standing.state === 'equal') rememberUnchanged(story, name, standing);
    return standing;
  } catch (error) {
    // Cut off by a halt; while the way back is decided nothing is cut off, and not to know is an answer.
    if (CancellationScope.current().consideredCancelled) throw error;
    return { ...unknown, detail: viewOf(error).message };
  }
}

function rememberUnchanged(story: Story, name: string, { proof, detail }: Standing): void {
  const { restored } = story.status;
  if (restored.some(({ target }) => target === name)) return;
  const none = { kept: null, downtimeMs: null, startedAt: null, endedAt: null, failure: null };
  restored.push({ target: name, state: 'unchanged', proved: proof.level, proof, detail, ...none });
}

export const labels: Record<ChoiceId, Choice> = {
  'restore-code': choice('restore-code', 'Bring the previous code back; the database stays as it is'),
  'restore-database': choice(
    'restore-database',
    'Bring the database back; rows written since its savepoint are lost',
    true,
  ),
  'restore-full': choice(
    'restore-full',
    'Bring code and database back; rows written since its savepoint are lost',
    true,
  ),
  retry: choice('retry', 'Try this step again'),
  stay: choice('stay', 'Leave everything as it is now', true),
};

export function returnOf(decision: Exclude<Decision, { do: 'ask' }>): Return {
  const { because } = decision;
  if (decision.do === 'stop') return { do: 'stop', targets: [], because };
  if (decision.do === 'prove-unchanged') return { do: 'unchanged', targets: [], because };
  return { do: 'restore', targets: decision.targets, because };
}

type Asked = { trouble: Trouble; decision: Extract<Decision, { do: 'ask' }> };

async function askAbout(story: Story, step: Failed, { trouble, decision }: Asked): Promise<Answered> {
  const { failure } = trouble;
  tell(story, 'failed', { subject: `${step.id} failed`, body: failure.message });
  const outside = story.input.plan.outside.map((each) => `- ${each}`).join('\n');
  const why = [
    failure.message,
    failure.evidence ?? '',
    `Nothing was done yet, because ${decision.because}.`,
    decision.choices.includes('restore-full') || decision.choices.includes('restore-database')
      ? `How many rows a restore of the database would lose was not measured.${outside && ` Rows cannot show:\n${outside}`}`
      : '',
  ];
  return await ask(story, {
    id: `after ${step.id}`,
    kind: 'failure',
    text: `${step.id} failed. What now?`,
    why: why.filter((line) => line !== '').join('\n\n'),
    choices: decision.choices.map((id) => labels[id]),
    onSilence: decision.silence,
    rules: story.input.plan.questions,
  });
}

type Chosen = { answered: Answered; situation: Situation; cause: Situation['cause'] };

function applyChoice(story: Story, step: Failed, { answered, situation, cause }: Chosen): 'stay' {
  const { by, reason } = answered;
  story.decidedBy = { by, choice: answered.choice, reason };
  if (answered.choice === 'stay') return stay(story, step, { by, cause });
  const procedure = answered.choice.replace('restore-', '') as Procedure;
  const because = `${by} decided: ${reason ?? answered.choice}`;
  throw new GoBack({ do: 'restore', targets: targetsOf(procedure, situation.targets), because });
}

type Staying = { by: string; cause: Situation['cause'] };

/** Staying after a failed change ends the release where it is; staying after evidence that only asks goes on. */
function stay(story: Story, step: Failed, { by, cause }: Staying): 'stay' {
  note(story, `${step.id} failed and stays, decided by ${by}`);
  const status = story.status.steps.find(({ id }) => id === step.id);
  if (status !== undefined) status.state = 'kept';
  const subject = `${step.id} failed and nobody answered`;
  if (by === 'silence') tell(story, 'escalation', { subject, body: 'It stays.' });
  const onlyAsks = step.activity === 'verify' && (cause !== 'failed' || !isDatabase(story, step.target));
  if (onlyAsks || goesOnAfterStay.includes(step.activity)) return 'stay';
  throw new GoBack({ do: 'stay', targets: [], because: `${by} decided to leave everything as it is` });
}

function isDatabase(story: Story, name: string | null): boolean {
  return name !== null && findTarget(story, name).traits.stores;
}
