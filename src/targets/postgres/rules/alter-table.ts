import type { AlterTableCmd, AlterTableStmt, ColumnDef, Constraint } from 'libpg-query';
import { addedConstraint } from './constraints.ts';
import type { Parsed } from './parse.ts';
import type { Known, Sight } from './sight.ts';
import { functionsIn, isSerial, rewrites, typeNamed } from './types.ts';

/** One part of an ALTER TABLE of a table that was there before. */
type Part = { sight: Sight; at: Parsed; known: Known; cmd: AlterTableCmd };

export function alterTable(sight: Sight, at: Parsed, { relation, cmds = [] }: AlterTableStmt): void {
  const known = sight.find(relation);
  if (known === undefined) return;
  for (const node of cmds) if ('AlterTableCmd' in node) part({ sight, at, known, cmd: node.AlterTableCmd });
}

const byKind: Record<string, (one: Part) => void> = {
  AT_DropColumn: dropColumn,
  AT_AddColumn: addColumn,
  AT_AlterColumnType: alterType,
  AT_SetNotNull: setNotNull,
  AT_AddConstraint: addConstraint,
  AT_ColumnDefault: setDefault,
  AT_AttachPartition: attach,
  AT_SetLogged: anew,
  AT_SetUnLogged: anew,
  AT_SetTableSpace: anew,
  AT_SetAccessMethod: anew,
};

function part(one: Part): void {
  byKind[one.cmd.subtype ?? '']?.(one);
}

function addConstraint(one: Part): void {
  if (one.cmd.def !== undefined && 'Constraint' in one.cmd.def) addedConstraint(one, one.cmd.def.Constraint);
}

function attach({ sight, at, known }: Part): void {
  sight.hit('long-lock', { what: `reads a whole table to attach it to ${known.relation.name}`, at, on: known });
}

function anew({ sight, at, known }: Part): void {
  const what = `writes every row of ${known.relation.name} anew while nobody can use it`;
  sight.hit('table-rewrite', { what, at, on: known });
}

function dropColumn({ sight, at, known, cmd }: Part): void {
  const column = known.columns.get(cmd.name ?? '');
  known.columns.delete(cmd.name ?? '');
  if (column === undefined || column.isNew) return;
  sight.hit('dropped-column', { what: `drops the column ${known.relation.name}.${column.name}`, at });
}

function setDefault({ known, cmd }: Part): void {
  const column = known.columns.get(cmd.name ?? '');
  if (column !== undefined) known.columns.set(column.name, { ...column, filled: cmd.def !== undefined });
}

function constraintsOf(def: ColumnDef): Constraint[] {
  return (def.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
}

function addColumn({ sight, at, known, cmd }: Part): void {
  if (cmd.def === undefined || !('ColumnDef' in cmd.def)) return;
  const def = cmd.def.ColumnDef;
  const { colname: name = '', location: offset } = def;
  if (known.columns.has(name)) return;
  const type = typeNamed(def.typeName);
  const constraints = constraintsOf(def);
  const has = (contype: string) => constraints.find((each) => each.contype === contype);
  const value = has('CONSTR_DEFAULT')?.raw_expr ?? def.raw_default;
  const stored = has('CONSTR_GENERATED')?.generated_kind === 's';
  const counted = isSerial(type) || has('CONSTR_IDENTITY') !== undefined;
  const notNull = has('CONSTR_NOTNULL') !== undefined || has('CONSTR_PRIMARY') !== undefined;
  const filled = value !== undefined || counted || has('CONSTR_GENERATED') !== undefined;
  const whole = `${known.relation.name}.${name}`;
  known.columns.set(name, { table: known.relation.name, name, number: 0, type, notNull, filled, isNew: true });
  if (notNull && !filled) {
    const what = `adds ${whole} as NOT NULL without a default: rows that are there have no value, and the previous code writes none`;
    sight.hit('not-null-without-default', { what, at, offset });
  }
  const changing = functionsIn(value).find(sight.isVolatile);
  if (stored || counted || changing !== undefined) {
    const why =
      changing !== undefined ? `${changing}() differs for each` : stored ? 'it is stored' : 'each gets a number';
    sight.hit('table-rewrite', {
      what: `adds ${whole} and writes every row anew, because ${why}`,
      at,
      offset,
      on: known,
    });
  }
  if (has('CONSTR_UNIQUE') !== undefined || has('CONSTR_PRIMARY') !== undefined) {
    sight.hit('long-lock', {
      what: `builds an index of ${whole} while nobody can use the table`,
      at,
      offset,
      on: known,
    });
  }
}

function alterType({ sight, at, known, cmd }: Part): void {
  if (cmd.def === undefined || !('ColumnDef' in cmd.def)) return;
  const { typeName, raw_default: using, location: offset } = cmd.def.ColumnDef;
  const column = known.columns.get(cmd.name ?? '');
  if (column === undefined) return;
  const to = typeNamed(typeName);
  const from = column.type;
  known.columns.set(column.name, { ...column, type: to });
  const change = `${known.relation.name}.${column.name} from ${from.shown} to ${to.shown}`;
  if (!column.isNew && from.name !== to.name && known.relation.key.includes(column.name)) {
    sight.hit('changed-key-type', { what: `changes the type of the primary key ${change}`, at, offset });
  }
  if (using === undefined && !rewrites(from, to)) return;
  sight.hit('table-rewrite', {
    what: `changes ${change} and writes every row anew while nobody can use the table`,
    at,
    offset,
    on: known,
  });
}

function setNotNull({ sight, at, known, cmd }: Part): void {
  const column = known.columns.get(cmd.name ?? '');
  if (column === undefined || column.notNull) return;
  known.columns.set(column.name, { ...column, notNull: true });
  const whole = `${known.relation.name}.${column.name}`;
  if (!column.filled) {
    const what = `sets ${whole} NOT NULL without a default: code that leaves it out is refused`;
    sight.hit('not-null-without-default', { what, at });
  }
  const checked = sight.facts.constraints.some(
    ({ table, definition }) => table === known.relation.name && definition.includes(`${column.name} IS NOT NULL`),
  );
  if (checked) return;
  sight.hit('long-lock', {
    what: `reads all of ${known.relation.name} for NOT NULL while nobody can use it`,
    at,
    on: known,
  });
}
