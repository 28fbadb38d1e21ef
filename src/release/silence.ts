import type { FailureRule } from './plan.ts';
import type { ChoiceId, Decision } from './policy.ts';

type Asking = Extract<FailureRule, { do: 'ask' }>;

/**
 * The choice that silence makes, null: it waits and people are told again. A plan's rule goes back only where the
 * rules would have done so by themselves, and stays only where that is offered.
 */
export function silenceAfter(decision: Decision, rule: Asking | null, offered: readonly ChoiceId[]): string | null {
  const usual = decision.do === 'ask' ? decision.silence : null;
  if (rule === null || rule.silence === null) return usual;
  if (rule.silence === 'roll-back') return decision.do === 'ask' ? usual : 'go-back';
  return offered.includes('stay') ? 'stay' : usual;
}
