import { CancellationScope, condition } from '@temporalio/workflow';
import type { Raisable } from '../release/plan.ts';
import { entrusted } from '../release/trust.ts';
import type { Judgement } from '../release/verdict.ts';
import { isText, type Verdict } from './answers.ts';
import type { Raise } from './messages.ts';
import { record, type Story } from './state.ts';

function raisable(story: Story): Raisable[] {
  return story.input.plan.watch?.raised ?? [];
}

export function mayRaise(story: Story, body: Raise | undefined): Verdict {
  const { outcome, halt, phase } = story.status;
  if (!isText(body?.by) || !isText(body.criterion) || !isText(body.note)) {
    return 'this needs a named person, what it is and what was seen: {"by": "…", "criterion": "…", "note": "…"}';
  }
  if (outcome !== null) return `this release has ended: ${outcome}`;
  if (halt !== null || story.watching === null) {
    return `only during the watch can something be raised; this release is in ${phase}: abort it instead`;
  }
  const known = raisable(story).map(({ name }) => name);
  if (known.includes(body.criterion)) return null;
  return known.length === 0
    ? 'the plan names nothing that may be raised: add raised to its watch, or use rollback'
    : `"${body.criterion}" is not in the plan; it names ${known.join(', ')}`;
}

/** Settled at once, while the watch goes on. */
export function raise(story: Story, { by, criterion, note }: Raise): string {
  const planned = raisable(story).find(({ name }) => name === criterion);
  if (planned === undefined) throw new TypeError(`nothing called ${criterion} may be raised`);
  const judgement: Judgement = {
    criterion,
    verdict: planned.verdict,
    value: null,
    unit: '%',
    n: 0,
    limit: null,
    explanation: `raised by ${by}: ${note}`,
  };
  const { trust, priority, incident } = planned;
  const handling = { ...(trust && { trust }), ...(priority && { priority }), ...(incident && { incident }) };
  const entry = entrusted(judgement, handling);
  story.raised.push(entry);
  record(story, `${by} raised ${criterion}: ${note}`);
  if (entry.verdict === 'roll back') return `${criterion} is raised: the rules for going back decide now`;
  return entry.verdict === 'consult' ? `${criterion} is raised: people are asked` : `${criterion} is recorded`;
}

/**
 * Does `work` and settles meanwhile whatever people raise. Where that ends the watch, the work is cancelled and waited
 * for before the reason is thrown.
 */
export async function whileRaised<T>(
  story: Story,
  work: () => Promise<T>,
  settleRaised: (raised: Judgement) => Promise<void>,
): Promise<T> {
  const scope = new CancellationScope();
  const state = { isOver: false };
  const done = scope.run(work).finally(() => {
    state.isOver = true;
  });
  // It may fail while people are asked; it is awaited below all the same.
  done.catch(() => undefined);
  try {
    while (!state.isOver) {
      await Promise.race([done, condition(() => story.raised.length > 0)]);
      for (let raised = story.raised.shift(); raised !== undefined; raised = story.raised.shift()) {
        await settleRaised(raised);
      }
    }
    return await done;
  } catch (error) {
    scope.cancel();
    await done.catch(() => undefined);
    throw error;
  }
}
