import type { SeenStatement } from '../../../release/target.ts';
import type { Hit } from '../rules/table.ts';
import { excerpt } from '../rules/table.ts';
import type { Witnessed } from './witness.ts';

/** From the weakest to the strongest; the ones before the mark keep nobody from reading and writing. */
const modes = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
];
const weakestThatBlocks = modes.indexOf('ShareLock');
/** A lock that blocks writers is long from here on. */
const longMs = 1_000;

/** `objects`: what the statement changed or dropped, as the server names it. */
export type Told = SeenStatement & { objects: string[] };

/**
 * What the server told of, as statements. A lock stays until its transaction ends, so one that an earlier statement of it
 * took is not counted again; of the locks on one table the strongest counts.
 */
export function toldStatements(witnessed: readonly Witnessed[]): Told[] {
  const told: Told[] = [];
  const taken = new Set<string>();
  let before: Witnessed[] = [];
  for (const one of witnessed) {
    if (one.what !== 'statement') {
      before.push(one);
      continue;
    }
    const its = before.filter(({ session }) => session === one.session);
    before = before.filter(({ session }) => session !== one.session);
    const fresh = one.locks.filter(({ table, mode }) => !taken.has(`${one.session} ${table} ${mode}`));
    for (const { table, mode } of one.locks) taken.add(`${one.session} ${table} ${mode}`);
    const objectsOf = (what: Witnessed['what']) =>
      its.filter((each) => each.what === what).flatMap(({ objects }) => objects);
    told.push({
      text: excerpt(one.text, 300),
      tag: one.tag,
      by: one.by,
      ms: one.ms === null ? null : Math.round(one.ms),
      locks: strongest(fresh),
      rewrote: objectsOf('rewrite'),
      objects: [...one.objects, ...objectsOf('drop')],
    });
  }
  return told;
}

function strongest(locks: Witnessed['locks']): SeenStatement['locks'] {
  const byTable = new Map<string, string>();
  for (const { table, mode } of locks) {
    if (modes.indexOf(mode) > modes.indexOf(byTable.get(table) ?? '')) byTable.set(table, mode);
  }
  const found = [...byTable].filter(([, mode]) => modes.indexOf(mode) > modes.indexOf('RowShareLock'));
  return found.map(([table, mode]) => ({ table, mode }));
}

/** Locks that kept writers waiting for long, as measured. */
export function longLocks(told: readonly Told[]): Hit[] {
  return told.flatMap(({ text, locks, ms }) =>
    ms === null || ms < longMs
      ? []
      : locks
          .filter(({ mode }) => modes.indexOf(mode) >= weakestThatBlocks)
          .map(({ table, mode }) => {
            const what = `took ${mode} on ${table} for ${(ms / 1000).toFixed(1)} s`;
            return { rule: 'long-lock', what, where: null, statement: text } as const;
          }),
  );
}
