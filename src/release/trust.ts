import type { Handling } from './plan.ts';
import type { Judgement, Verdict } from './verdict.ts';

/**
 * What a criterion is trusted with. `ask` lets it ask at most, `observe` only records, and what only advises never acts.
 * `withheld` says what the measurement alone called for.
 */
export function entrusted(judgement: Judgement, criterion: Handling & { advise?: string }): Judgement {
  const { priority, incident, advise } = criterion;
  const marked: Judgement = {
    ...judgement,
    ...(priority === undefined ? {} : { priority }),
    ...(incident === undefined ? {} : { incident }),
  };
  const { verdict } = judgement;
  if (verdict !== 'roll back' && verdict !== 'consult') return marked;
  if (advise !== undefined) return { ...marked, verdict: 'proceed', withheld: verdict, advice: advise };
  const allowed = allowedBy(verdict, criterion);
  return allowed === verdict ? marked : { ...marked, verdict: allowed, withheld: verdict };
}

function allowedBy(verdict: Verdict, { trust = 'auto' }: Handling): Verdict {
  if (trust === 'observe') return 'proceed';
  return trust === 'ask' && verdict === 'roll back' ? 'consult' : verdict;
}
