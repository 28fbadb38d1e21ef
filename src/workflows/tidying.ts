import { isChanged } from '../release/compatibility.ts';
import { drillPrefix } from '../release/drill.ts';
import { anyNumberOfRows } from './drilling.ts';
import { factsOf } from './facts.ts';
import { measurable } from './losses.ts';
import type { Return } from './returning.ts';
import type { Story } from './state.ts';

/** A drill whose planted failure never came must not leave a release behind. Null: this is no drill. */
export function neverReached(story: Story): Return | null {
  if (story.input.drill === undefined) return null;
  return restoring(story, left(story), 'the planted failure was never reached');
}

/**
 * What the rules let stay, such as a schema on which the previous code runs: a drill brings it back as well. Null: this
 * is no drill, or everything is back.
 */
export function restOfDrill(story: Story): Return | null {
  const { drill } = story.status;
  const targets = drill === undefined ? [] : left(story);
  if (targets.length === 0) return null;
  drill?.tidied.push(...targets);
  return restoring(
    story,
    targets,
    `${targets.join(', ')} may stay by the rules; back as well, so that all is as it was`,
  );
}

function restoring(story: Story, targets: string[], because: string): Return {
  const save = measurable(story).length > 0 ? ('copy' as const) : null;
  const terms = { bound: anyNumberOfRows, save, seen: true };
  return { do: 'restore', targets, because: `${drillPrefix}${because}`, terms };
}

/** Changed, and neither brought back nor left by a person; newest change first. */
function left(story: Story): string[] {
  const known = story.status.restored.filter(({ state }) => state !== 'waiting' && state !== 'failed');
  return factsOf(story)
    .filter((fact) => isChanged(fact) && !known.some(({ target }) => target === fact.name))
    .map(({ name }) => name)
    .reverse();
}
