import { sleep } from '@temporalio/workflow';
import type { Plan } from '../release/plan.ts';
import type { ReleaseStatus } from '../release/status.ts';
import { give, mayApprove } from './answers.ts';
import { shortly } from './proxies.ts';
import { ask, choice } from './questions.ts';
import { GoBack } from './returning.ts';
import { enter, note, now, record, refresh, type Story } from './state.ts';

/** Pins everything that will run and asks people to approve exactly that. */
export async function goNoGo(story: Story): Promise<void> {
  const { plan, planDigest } = story.input;
  const artefacts = [...story.artefacts].map(([target, artefact]) => ({ target, artefact }));
  const { pin } = shortly(story, 'pin what will run');
  story.status.digest = (await pin({ planDigest, place: story.place, artefacts, plan })).digest;
  refresh(story);
  if (plan.gate === null) return;
  enter(story, 'go/no-go');
  const { version, application, environment, digest } = story.status;
  const pending = ask(story, {
    id: 'go-no-go',
    kind: 'go-no-go',
    text: `Release ${application} ${version} to ${environment}?`,
    why: describe(plan, story.status),
    choices: [choice('approve', 'Go'), choice('reject', 'No-go', true)],
    onSilence: 'expire',
    rules: plan.gate,
    digest,
  });
  answerForScripts(story, digest ?? '');
  const answered = await pending;
  if (answered.choice === 'approve') return;
  const outcome = answered.by === 'silence' ? 'expired' : 'rejected';
  story.decidedBy = { by: answered.by, choice: answered.choice, reason: answered.reason };
  const because = outcome === 'expired' ? 'nobody decided in time' : `${answered.by} said no-go: ${answered.reason}`;
  throw new GoBack({ do: 'stop', targets: [], because, outcome });
}

/** `--yes` is an approval like any other: the same person may give it, and the same rules refuse it. */
function answerForScripts(story: Story, digest: string): void {
  const { preApproved } = story.input;
  if (preApproved === null) return;
  const { by, reason } = preApproved;
  const refused = mayApprove(story, { by, digest });
  if (refused === null) give(story, { by, choice: 'approve', at: now(), note: reason, how: 'update' });
  else note(story, `the approval given at the start does not count: ${refused}`);
}

function describe(plan: Plan, { version, proved }: ReleaseStatus): string {
  const lines = plan.targets.map(({ name, kind, compatibility }) => {
    if (compatibility === null) return `- ${name} (${kind}) → ${version}`;
    const { backward, forward } = compatibility;
    const declared = [backward ? 'backward' : '', forward ? 'forward' : ''].filter((word) => word !== '');
    return `- ${name} (${kind}) → ${version}, migration ${declared.join(' and ') || 'breaking'} (${proved === true ? 'proved' : 'claimed'})`;
  });
  return lines.join('\n');
}

/** Waits durably for the window. An approval that missed its window is worth nothing. */
export async function waitForWindow(story: Story): Promise<void> {
  const { windowOverride, plan } = story.input;
  if (plan.window === null) return;
  if (windowOverride !== null) {
    note(story, `the release window was overridden by ${windowOverride.by}: ${windowOverride.reason}`);
    return;
  }
  enter(story, 'window');
  const { openWindow } = shortly(story, 'when does the window open');
  const { opensAtMs, closesAtMs } = await openWindow({ window: plan.window, nowMs: Date.now() });
  const waitMs = opensAtMs - Date.now();
  if (waitMs > 0) {
    const opens = new Date(opensAtMs).toISOString();
    story.status.waitingFor = `the release window, which opens at ${opens}`;
    record(story, `waits for the release window at ${opens}`);
    await sleep(waitMs, { summary: `the window opens at ${opens}` });
    story.status.waitingFor = null;
  }
  if (Date.now() < closesAtMs) return;
  const because = 'the approval missed its release window';
  throw new GoBack({ do: 'stop', targets: [], because, outcome: 'expired' });
}
