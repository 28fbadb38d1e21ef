import { changesOf, traitsOf } from '../kinds.ts';
import { suggestion } from '../nearest.ts';
import { isBreaking, logChecks, type NamedTarget, targetsOf } from '../written.ts';
import type { Rule, Ruled, Saying } from './rule.ts';

/** A rule that looks at one target after the other. */
function perTarget(look: (named: NamedTarget, all: NamedTarget[]) => Saying[]): (ruled: Ruled) => Saying[] {
  return ({ written }) => {
    const all = targetsOf(written);
    return all.flatMap((named) => look(named, all));
  };
}

const changesData = ({ target }: NamedTarget): boolean => traitsOf(target.kind).stores && changesOf(target).length > 0;

const isCode = ({ target }: NamedTarget): boolean =>
  !traitsOf(target.kind).stores && traitsOf(target.kind).cache !== true;

const knownWriters: Rule = {
  name: 'known-writers',
  severity: 'error',
  look: perTarget(({ name, target }, all) =>
    target.writers.flatMap((writer, index): Saying[] => {
      const path = ['targets', name, 'writers', index];
      const others = all.map((each) => each.name).filter((each) => each !== name);
      if (writer === name) return [{ path, message: `${name} cannot be its own writer`, remedy: 'name the services' }];
      if (others.includes(writer)) return [];
      return [{ path, message: `no target is called ${writer}`, remedy: suggestion(writer, others) }];
    }),
  ),
};

const compatibilityDeclared: Rule = {
  name: 'compatibility-declared',
  severity: 'error',
  whole: true,
  look: perTarget((named) => {
    if (!changesData(named) || named.target.compatibility !== undefined) return [];
    const path = ['targets', named.name, 'compatibility'];
    const message = `is missing: ${named.name} is changed by ${changesOf(named.target).join(' and ')}`;
    return [{ path, message, remedy: 'say backward, forward, both or breaking' }];
  }),
};

const compatibilityOfData: Rule = {
  name: 'compatibility-of-data',
  severity: 'error',
  look: perTarget(({ name, target }) => {
    if (target.compatibility === undefined || traitsOf(target.kind).stores) return [];
    const path = ['targets', name, 'compatibility'];
    return [
      { path, at: 'key', message: `a target of kind ${target.kind} holds no data`, remedy: 'remove compatibility' },
    ];
  }),
};

/** The invariant of docs/rollback.md: between the two changes the new code runs on the old schema. */
const forwardAfterCode: Rule = {
  name: 'forward-after-code',
  severity: 'error',
  look: perTarget((named, all) => {
    const { compatibility } = named.target;
    if (!changesData(named) || compatibility === undefined) return [];
    if (compatibility === 'forward' || compatibility === 'both') return [];
    const earlier = all.slice(0, all.indexOf(named)).find(isCode);
    if (earlier === undefined) return [];
    const message = `${earlier.name} is changed before ${named.name}, so its new code runs on the old schema, and ${compatibility} does not allow that`;
    const remedy = `put ${named.name} before ${earlier.name}, or make the migration forward`;
    return [{ path: ['targets', named.name, 'compatibility'], message, remedy }];
  }),
};

/** Its counterpart: between the two changes the previous code runs on the new schema, and nobody is held for that. */
const forwardBeforeCode: Rule = {
  name: 'forward-before-code',
  severity: 'error',
  look: perTarget((named, all) => {
    if (!changesData(named) || named.target.compatibility !== 'forward') return [];
    const later = all.slice(all.indexOf(named) + 1).find(isCode);
    if (later === undefined) return [];
    const message = `${later.name} is changed after ${named.name}, so its previous code runs on the new schema, and forward does not allow that`;
    const remedy = `put ${named.name} after ${later.name}, or say breaking, which holds the writers meanwhile`;
    return [{ path: ['targets', named.name, 'compatibility'], message, remedy }];
  }),
};

const cacheAfterCode: Rule = {
  name: 'cache-after-code',
  severity: 'warning',
  look: perTarget((named, all) => {
    if (traitsOf(named.target.kind).cache !== true || changesOf(named.target).length === 0) return [];
    const later = all.slice(all.indexOf(named) + 1).find(isCode);
    if (later === undefined) return [];
    const message = `${named.name} is emptied before ${later.name} is changed, and fills with old answers again`;
    return [{ path: ['targets', named.name], at: 'key', message, remedy: `put ${named.name} after ${later.name}` }];
  }),
};

const breakingNamesWriters: Rule = {
  name: 'breaking-names-writers',
  severity: 'error',
  whole: true,
  look: perTarget(({ name, target }, all) => {
    if (!isBreaking(target) || target.writers.length > 0 || all.length === 1) return [];
    const message = 'the migration is breaking and no writers are named, so none can be held before it';
    return [{ path: ['targets', name], at: 'key', message, remedy: 'add writers: [...]' }];
  }),
};

const writersCanBeHeld: Rule = {
  name: 'writers-can-be-held',
  severity: 'warning',
  look: perTarget(({ name, target }, all) =>
    target.writers.flatMap((writer, index): Saying[] => {
      const found = all.find((each) => each.name === writer);
      if (found === undefined || traitsOf(found.target.kind).holds) return [];
      const message = `${writer} cannot be held (kind ${found.target.kind}); ${name} keeps its connections out instead`;
      return [{ path: ['targets', name, 'writers', index], message }];
    }),
  ),
};

const seedToVerify: Rule = {
  name: 'seed-to-verify',
  severity: 'error',
  whole: true,
  look: perTarget(({ name, target }) => {
    if (target.verifySeed.length === 0 || changesOf(target).includes('seed')) return [];
    const message = `${name} has no seed to verify`;
    return [{ path: ['targets', name, 'verifySeed'], at: 'key', message, remedy: 'use verify, or add a seed' }];
  }),
};

const deploymentBeforeLogs: Rule = {
  name: 'deployment-before-logs',
  severity: 'error',
  whole: true,
  look: perTarget(({ name, target }) => {
    if (logChecks(target).length === 0 || changesOf(target).includes('deploy')) return [];
    const message = `${name} has no deployment after which its logs could be read`;
    return [{ path: ['targets', name, 'logs'], at: 'key', message, remedy: 'use verify' }];
  }),
};

const ownPorts: Rule = {
  name: 'own-ports',
  severity: 'error',
  look: ({ written }) => {
    const taken = new Map<string, string>();
    return targetsOf(written).flatMap(({ name, target }) =>
      listOf(Reflect.get(target, 'ports')).flatMap((port, index): Saying[] => {
        const owner = taken.get(port);
        taken.set(port, owner ?? name);
        if (owner === undefined) return [];
        const whose = owner === name ? 'is named twice' : `is already used by ${owner}`;
        return [
          { path: ['targets', name, 'ports', index], message: `port ${port} ${whose}`, remedy: 'choose another port' },
        ];
      }),
    );
  },
};

const ownRoots: Rule = {
  name: 'own-roots',
  severity: 'error',
  look: ({ written }) => {
    const taken = new Map<string, string>();
    return targetsOf(written).flatMap(({ name, target }): Saying[] => {
      const root: unknown = Reflect.get(target, 'root');
      if (typeof root !== 'string') return [];
      const plain = root.replace(/^\.\//, '').replace(/\/+$/, '');
      const owner = taken.get(plain);
      taken.set(plain, owner ?? name);
      if (owner === undefined) return [];
      const message = `${root} is already the root of ${owner}`;
      return [{ path: ['targets', name, 'root'], message, remedy: 'give each target a directory of its own' }];
    });
  },
};

const ownDatabases: Rule = {
  name: 'own-databases',
  severity: 'error',
  look: ({ written }) => {
    const taken = new Map<string, string>();
    return targetsOf(written).flatMap(({ name, target }): Saying[] => {
      if (!traitsOf(target.kind).stores) return [];
      const url: unknown = Reflect.get(target, 'url');
      if (typeof url !== 'string') return [];
      const same = JSON.stringify([url, Reflect.get(target, 'database')]);
      const owner = taken.get(same);
      taken.set(same, owner ?? name);
      if (owner === undefined) return [];
      const message = `is the same database as ${owner}`;
      return [{ path: ['targets', name], at: 'key', message, remedy: 'name every database once' }];
    });
  },
};

const interruptedCommands: Rule = {
  name: 'interrupted-commands',
  severity: 'warning',
  whole: true,
  look: perTarget(({ name, target }) => {
    if (target.kind !== 'command' || Reflect.get(target, 'repeatable') === true) return [];
    if (Reflect.get(target, 'status') !== null) return [];
    const message = 'when a command is interrupted, nobody can tell what happened and a person is asked';
    return [{ path: ['targets', name], at: 'key', message, remedy: 'add status: [...], or repeatable: true' }];
  }),
};

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

export const targetRules: readonly Rule[] = [
  knownWriters,
  compatibilityDeclared,
  compatibilityOfData,
  forwardAfterCode,
  forwardBeforeCode,
  cacheAfterCode,
  breakingNamesWriters,
  writersCanBeHeld,
  seedToVerify,
  deploymentBeforeLogs,
  ownPorts,
  ownRoots,
  ownDatabases,
  interruptedCommands,
];
