import type { Previous } from '../activities/inputs.ts';
import type { FailureView } from '../release/failure.ts';
import { shortRelease } from '../release/naming.ts';
import type { Dirty } from '../release/status.ts';
import { shortly } from './proxies.ts';
import { GoBack } from './returning.ts';
import { note, type Story } from './state.ts';

/** The very first step: an environment that somebody left half way is not released to as if nothing had happened. */
export async function lookBack(story: Story): Promise<void> {
  const { continuation, previousRunId } = story.input;
  const { workflowId, runId } = story.status;
  const { readPrevious } = shortly(story, 'how did the previous release end');
  const previous = await readPrevious({ workflowId, runId, previousRunId });
  if (continuation.as === 'fresh') {
    if (previous.dirty !== null) refuseDirty(story, previous.dirty);
    return;
  }
  if (previous.dirty === null) {
    refuse(story, {
      kind: 'invalid-input',
      message: 'the previous release ended cleanly',
      remedy: 'start without that option',
    });
  }
  const { release } = previous.dirty;
  story.status.continues = { release, as: continuation.as, reason: continuation.reason };
  note(
    story,
    `${continuation.as} after release ${shortRelease(release)} (${previous.dirty.ended}): ${continuation.reason}`,
  );
  if (continuation.as !== 'accept-dirty') takeOver(story, previous, continuation.as);
}

function refuseDirty(story: Story, dirty: Dirty): never {
  story.status.dirty = dirty;
  const what =
    dirty.changed === null ? 'what it changed cannot be told any more' : `it had changed ${list(dirty.changed)}`;
  refuse(story, {
    kind: 'refused',
    message: `release ${shortRelease(dirty.release)} of ${dirty.version ?? 'an unknown version'} ended ${dirty.ended} half way: ${what}`,
    remedy:
      'start with --resume to finish it, --restore to bring it back, or --accept-dirty <reason> after you looked yourself',
  });
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing yet' : names.join(', ');
}

/** The effects of a release are found by its id; whoever continues it uses that id and its savepoints. */
function takeOver(story: Story, { status, dirty }: Previous, as: 'resume' | 'restore'): void {
  // Stays set until this run has finished or undone what the other one left.
  story.status.dirty = dirty;
  if (status === null) {
    refuse(story, {
      kind: 'not-found',
      message: 'what the earlier release did cannot be read any more',
      remedy: 'look yourself, then start with --accept-dirty <reason>',
    });
  }
  if (as === 'resume' && status.version !== story.status.version) {
    refuse(story, {
      kind: 'invalid-input',
      message: `the release to resume was of ${status.version}, not of ${story.status.version}`,
      remedy: `start ${status.version} with --resume, or bring it back with --restore`,
    });
  }
  story.place.release = status.release;
  story.status.release = status.release;
  story.status.savepoints.push(...status.savepoints);
  story.status.changed.push(...status.changed);
  Object.assign(story.status.held, status.held);
  // Whoever is not held now could write meanwhile, even if this run holds them again.
  const free = status.savepoints.map(({ target }) => target).filter((target) => !(target in status.held));
  story.status.writtenTo.push(...status.writtenTo, ...free);
}

function refuse(story: Story, failure: FailureView): never {
  story.status.failure = failure;
  throw new GoBack({ do: 'stop', targets: [], because: failure.message });
}
