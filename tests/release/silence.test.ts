import { describe, expect, test } from 'vitest';
import type { FailureRule } from '../../src/release/plan.ts';
import type { ChoiceId, Decision } from '../../src/release/policy.ts';
import { silenceAfter } from '../../src/release/silence.ts';

type Asking = Extract<FailureRule, { do: 'ask' }>;
const asks = (silence: 'stay' | null): Decision => ({ do: 'ask', choices: ['retry'], silence, because: 'it asks' });
const goesBack: Decision = { do: 'restore', procedure: 'code', targets: ['backend'], because: 'it fits' };
const rule = (silence: Asking['silence']): Asking => ({ do: 'ask', deadlineMs: 1000, silence });

describe('what silence does', () => {
  test.each<[string, Decision, Asking | null, ChoiceId[], string | null]>([
    ['the rules ask and wait', asks(null), null, ['stay'], null],
    ['the rules ask and stay', asks('stay'), null, ['stay'], 'stay'],
    ['the rules act by themselves', goesBack, null, ['stay'], null],
    ['a rule without an answer changes nothing', asks('stay'), rule(null), ['retry'], 'stay'],
    ['roll-back where the rules would', goesBack, rule('roll-back'), ['stay'], 'go-back'],
    ['roll-back never where the rules ask', asks(null), rule('roll-back'), ['stay'], null],
    ['roll-back where the rules ask and stay', asks('stay'), rule('roll-back'), ['stay'], 'stay'],
    ['stay where it is offered', asks(null), rule('stay'), ['retry', 'stay'], 'stay'],
    ['stay where it is not', asks(null), rule('stay'), ['retry'], null],
  ])('%s', (_, decision, asked, offered, expected) => {
    expect(silenceAfter(decision, asked, offered)).toBe(expected);
  });
});
