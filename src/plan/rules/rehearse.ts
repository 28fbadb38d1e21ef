import { changesOf, traitsOf } from '../kinds.ts';
import { suggestion } from '../nearest.ts';
import type { Path } from '../problem.ts';
import type { WrittenRehearsal } from '../schema/rehearse.schema.ts';
import { checksOf, isBreaking, type NamedTarget, targetsOf } from '../written.ts';
import type { Rule, Ruled, Saying } from './rule.ts';

type Rehearsed = NamedTarget & { rehearse: Exclude<WrittenRehearsal, false>; path: Path; all: NamedTarget[] };

/** A rule that looks at one rehearsal after the other. */
function perRehearsal(look: (rehearsed: Rehearsed) => Saying[]): (ruled: Ruled) => Saying[] {
  return ({ written }) => {
    const all = targetsOf(written);
    return all.flatMap((named) => {
      const { rehearse = false } = named.target;
      return rehearse === false ? [] : look({ ...named, rehearse, all, path: ['targets', named.name, 'rehearse'] });
    });
  };
}

const canBeRehearsed: Rule = {
  name: 'can-be-rehearsed',
  severity: 'error',
  look: perRehearsal(({ name, target, path }) => {
    if (traitsOf(target.kind).rehearses !== true) {
      const message = `a target of kind ${target.kind} cannot be copied to try something on it`;
      return [{ path, at: 'key', message, remedy: 'remove rehearse' }];
    }
    if (changesOf(target).includes('migrate')) return [];
    return [
      { path, at: 'key', message: `${name} is not migrated, so there is nothing to rehearse`, remedy: 'add migrate' },
    ];
  }),
};

const rehearsedService: Rule = {
  name: 'rehearsed-service',
  severity: 'error',
  look: perRehearsal(({ name, rehearse, path, all }) => {
    if (rehearse === true) return [];
    const { service, variable } = rehearse;
    const found = all.find((each) => each.name === service);
    const able = all.filter(({ target }) => traitsOf(target.kind).stages === true).map((each) => each.name);
    if (found === undefined) {
      return [
        { path: [...path, 'service'], message: `no target is called ${service}`, remedy: suggestion(service, able) },
      ];
    }
    if (!able.includes(service)) {
      const message = `${service} cannot be started beside itself (kind ${found.target.kind})`;
      return [{ path: [...path, 'service'], message, remedy: 'name a service, or write rehearse: true' }];
    }
    const env: unknown = Reflect.get(found.target, 'env');
    if (typeof env === 'object' && env !== null && Object.hasOwn(env, variable)) return [];
    const message = `${service} has no variable ${variable} in its env, so it would not be led to the copy of ${name}`;
    return [
      {
        path: [...path, 'variable'],
        message,
        remedy: `name the variable of ${service} that holds the address of ${name}`,
      },
    ];
  }),
};

const rehearsalIsAsked: Rule = {
  name: 'rehearsal-is-asked',
  severity: 'warning',
  look: perRehearsal(({ rehearse, path }) => {
    if (rehearse === true) return [];
    return (['checks', 'writes'] as const).flatMap((list) =>
      checksOf(rehearse[list]).flatMap((check, index): Saying[] => {
        if (JSON.stringify(check).includes('${rehearsal.')) return [];
        const message = `${check.name} names neither \${rehearsal.service} nor \${rehearsal.url}, so it does not ask the copy`;
        return [
          { path: [...path, list, index], message, remedy: 'write ${rehearsal.service} in place of the address' },
        ];
      }),
    );
  }),
};

const rehearsedWhileHeld: Rule = {
  name: 'rehearsed-while-held',
  severity: 'warning',
  look: perRehearsal(({ target, path }) => {
    if (!isBreaking(target)) return [];
    const message = 'the migration is breaking, so users wait for the rehearsal too';
    return [{ path, at: 'key', message, remedy: 'rehearse in another environment' }];
  }),
};

export const rehearsalRules: readonly Rule[] = [canBeRehearsed, rehearsedService, rehearsalIsAsked, rehearsedWhileHeld];
