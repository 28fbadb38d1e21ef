import { failureRules } from './failures.ts';
import { lossRules } from './loss.ts';
import { measuredRules } from './measured.ts';
import { needsRules } from './needs.ts';
import { peopleRules } from './people.ts';
import { performanceRules } from './performance.ts';
import { rehearsalRules } from './rehearse.ts';
import type { Rule } from './rule.ts';
import { suiteRules } from './suite.ts';
import { targetRules } from './targets.ts';
import { watchingRules } from './watching.ts';
import { windowRules } from './window.ts';

/** Everything that a plan must obey beyond its shape. A new rule is one more small constant in one of these lists. */
export const rules: readonly Rule[] = [
  ...peopleRules,
  ...targetRules,
  ...needsRules,
  ...failureRules,
  ...lossRules,
  ...rehearsalRules,
  ...measuredRules,
  ...performanceRules,
  ...suiteRules,
  ...watchingRules,
  ...windowRules,
];
