import type { Constraint } from 'libpg-query';
import type { Parsed } from './parse.ts';
import type { Known, Sight } from './sight.ts';
import { columnsIn, stringOf } from './types.ts';

type On = { sight: Sight; at: Parsed; known: Known };

const words: Record<string, string> = {
  CONSTR_CHECK: 'a check',
  CONSTR_FOREIGN: 'a foreign key',
  CONSTR_UNIQUE: 'a unique key',
  CONSTR_PRIMARY: 'a primary key',
  CONSTR_EXCLUSION: 'an exclusion',
  CONSTR_NOTNULL: 'NOT NULL',
};

function columnsOf(constraint: Constraint): string[] {
  const named = [...(constraint.fk_attrs ?? []), ...(constraint.keys ?? [])].map(stringOf);
  return [...named, ...columnsIn(constraint.raw_expr), ...columnsIn(constraint.exclusions)];
}

/** A constraint that is added to a table that was there before. */
export function addedConstraint({ sight, at, known }: On, constraint: Constraint): void {
  const { contype = '', conname, location: offset } = constraint;
  const kind = words[contype];
  if (kind === undefined) return;
  const { name } = known.relation;
  const called = conname === undefined ? kind : `${kind} ${conname}`;
  const byIndex = constraint.indexname !== undefined;
  const waits = contype === 'CONSTR_CHECK' || contype === 'CONSTR_FOREIGN' || contype === 'CONSTR_NOTNULL';
  const later = waits && constraint.skip_validation === true;
  if (!byIndex && !later) {
    const work = waits ? `reads all of ${name} for ${called}` : `builds an index of ${name} for ${called}`;
    sight.hit('long-lock', { what: `${work} while nobody can write to it`, at, offset, on: known });
  }
  const old = columnsOf(constraint).filter((column) => known.columns.get(column)?.isNew === false);
  if (old.length === 0 || byIndex) return;
  const what = `adds ${called} to ${name}: what the previous code writes to ${[...new Set(old)].join(', ')} may be refused`;
  sight.hit('narrowed-check', { what, at, offset });
}
