import { traitsOf } from '../kinds.ts';
import { suggestion } from '../nearest.ts';
import { type NamedTarget, targetsOf } from '../written.ts';
import type { Rule, Ruled, Saying } from './rule.ts';

function perNeed(look: (need: string, index: number, at: At) => Saying[]): (ruled: Ruled) => Saying[] {
  return ({ written }) => {
    const all = targetsOf(written);
    return all.flatMap((named, place) =>
      (named.target.needs ?? []).flatMap((need, index) =>
        look(need, index, { named, earlier: all.slice(0, place), all }),
      ),
    );
  };
}

type At = { named: NamedTarget; earlier: NamedTarget[]; all: NamedTarget[] };

const namesOf = (targets: readonly NamedTarget[]): string[] => targets.map(({ name }) => name);

const knownNeeds: Rule = {
  name: 'known-needs',
  severity: 'error',
  look: perNeed((need, index, { named, earlier, all }) => {
    const path = ['targets', named.name, 'needs', index];
    if (need === named.name) return [{ path, message: `${need} cannot need itself`, remedy: 'take it out' }];
    if (namesOf(earlier).includes(need)) return [];
    if (!namesOf(all).includes(need)) {
      return [{ path, message: `no target is called ${need}`, remedy: suggestion(need, namesOf(earlier)) }];
    }
    const message = `${need} is changed after ${named.name}, so ${named.name} cannot stand on it`;
    return [{ path, message, remedy: `put ${need} before ${named.name}` }];
  }),
};

const needsOnce: Rule = {
  name: 'needs-once',
  severity: 'error',
  look: perNeed((need, index, { named }) => {
    if (named.target.needs?.indexOf(need) === index) return [];
    const path = ['targets', named.name, 'needs', index];
    return [{ path, message: `${need} is named twice`, remedy: 'name everything once' }];
  }),
};

/** What writes to a database stands on it, whatever `needs` leaves out: that may have been forgotten. */
const writersNeedTheirs: Rule = {
  name: 'writers-need-theirs',
  severity: 'warning',
  look: ({ written }) => {
    const all = targetsOf(written);
    return all.flatMap((named, place) => {
      const { needs } = named.target;
      if (needs === undefined || !needs.every((need) => namesOf(all).includes(need))) return [];
      const forgotten = all.slice(0, place).filter(({ name, target }) => {
        return traitsOf(target.kind).stores && target.writers.includes(named.name) && !needs.includes(name);
      });
      return forgotten.map(({ name }): Saying => {
        const message = `${named.name} writes to ${name} and does not need it`;
        return { path: ['targets', named.name, 'needs'], at: 'key', message, remedy: `add ${name}` };
      });
    });
  },
};

export const needsRules: readonly Rule[] = [knownNeeds, needsOnce, writersNeedTheirs];
