import { failureKeys, keyOf } from '../failing.ts';
import { changesOf } from '../kinds.ts';
import { suggestion } from '../nearest.ts';
import { stepsOf } from '../steps.ts';
import { targetsOf } from '../written.ts';
import type { Rule, Ruled, Saying } from './rule.ts';

const hour = 60 * 60 * 1000;
const longestPause = hour;
const longestAsk = 7 * 24 * hour;

type Key = ReturnType<typeof failureKeys>[number];

function perKey(look: (key: Key, ruled: Ruled) => Saying[]): (ruled: Ruled) => Saying[] {
  return (ruled) => failureKeys(ruled.written).flatMap((key) => look(key, ruled));
}

const failuresOfSteps: Rule = {
  name: 'failures-of-steps',
  severity: 'error',
  whole: true,
  look: perKey(({ path, step, target }, { written }) => {
    const steps = stepsOf(written).filter((each) => each.target === target);
    const keys = [...new Set(steps.map(keyOf))].filter((key) => key !== 'survey');
    if (keys.includes(step)) return [];
    const message = target === null ? `this plan has no step ${step}` : `${target} has no step ${step}`;
    return [{ path, at: 'key', message, remedy: suggestion(step, keys) }];
  }),
};

/** One `retry`, then one `ask`: whatever stands behind is never carried out. */
const triesInOrder: Rule = {
  name: 'tries-in-order',
  severity: 'error',
  look: perKey(({ path, rules }) =>
    rules.flatMap((rule, index): Saying[] => {
      const before = rules.slice(0, index);
      const at = [...path, index];
      if (before.some((each) => 'ask' in each)) {
        const remedy = 'ask' in rule ? 'ask once' : 'put retry first';
        return [{ path: at, message: 'is never reached: whoever is asked before it decides', remedy }];
      }
      if (!('retry' in rule) || before.length === 0) return [];
      return [{ path: at, message: 'is never reached: retry is said before it', remedy: 'say retry once' }];
    }),
  ),
};

const failuresAreBounded: Rule = {
  name: 'failures-are-bounded',
  severity: 'error',
  look: perKey(({ path, rules }) =>
    rules.flatMap((rule, index): Saying[] => {
      if ('retry' in rule) {
        if (rule.every <= longestPause) return [];
        return [{ path: [...path, index, 'every'], message: 'is longer than 1h', remedy: 'try again sooner, or ask' }];
      }
      if (rule.ask <= longestAsk) return [];
      const message = 'is longer than 7d';
      return [{ path: [...path, index, 'ask'], message, remedy: 'give people less time; without silence it waits' }];
    }),
  ),
};

/** A migration that failed may have done half of it: tried again only where that is declared, or known file by file. */
const repeatableRetries: Rule = {
  name: 'repeatable-retries',
  severity: 'error',
  look: perKey(({ path, step, target, rules }, { written }) => {
    const at = rules.findIndex((rule) => 'retry' in rule);
    const named = targetsOf(written).find(({ name }) => name === target);
    if (at < 0 || named === undefined || (step !== 'migrate' && step !== 'seed')) return [];
    if (!changesOf(named.target).includes(step)) return [];
    if (mayRepeat(named.target, step)) return [];
    const message = `${step === 'migrate' ? 'a migration' : 'a seed'} by a command is tried once, since nobody can tell what half of it did`;
    const remedy = 'say repeatable: true where it may run again, use directory: or take retry out';
    return [{ path: [...path, at, 'retry'], message, remedy }];
  }),
};

function mayRepeat(target: object, change: string): boolean {
  const own: unknown = Reflect.get(target, change);
  const said = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return (
    said(target, 'repeatable') === true ||
    said(own, 'repeatable') === true ||
    typeof said(own, 'directory') === 'string'
  );
}

/** Between `hold` and `resume` nobody can write, so every minute of a question is an outage. */
const asksWhileHeld: Rule = {
  name: 'asks-while-held',
  severity: 'warning',
  whole: true,
  look: perKey(({ path, step, target, rules }, { written }) => {
    const asks = rules.findIndex((rule) => 'ask' in rule);
    if (asks < 0) return [];
    const steps = stepsOf(written);
    const index = steps.findIndex((each) => each.target === target && keyOf(each) === step);
    const held = new Set<string | null>();
    for (const each of steps.slice(0, index + 1)) {
      if (each.activity === 'hold') held.add(each.target);
      if (each.activity === 'resume' || each.activity === 'deploy') held.delete(each.target);
    }
    if (held.size === 0) return [];
    const message = `while it waits for an answer ${[...held].join(' and ')} cannot be used`;
    return [{ path: [...path, asks], message, remedy: 'keep it short, and say silence: rollback' }];
  }),
};

export const failureRules: readonly Rule[] = [
  failuresOfSteps,
  triesInOrder,
  failuresAreBounded,
  repeatableRetries,
  asksWhileHeld,
];
