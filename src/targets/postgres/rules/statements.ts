import type {
  AlterDomainStmt,
  AlterEnumStmt,
  DropStmt,
  IndexStmt,
  Node,
  RangeVar,
  RenameStmt,
  VacuumStmt,
} from 'libpg-query';
import { alterTable } from './alter-table.ts';
import type { Parsed } from './parse.ts';
import type { SchemaFacts } from './schema.ts';
import { wideStatement } from './server-wide.ts';
import { Sight } from './sight.ts';
import type { Hit } from './table.ts';
import { functionsIn, stringOf } from './types.ts';

/** Every place where these statements, run one after the other on what `facts` describe, break a migration rule. */
export function examine(
  statements: readonly Parsed[],
  facts: SchemaFacts,
  isVolatile: (name: string) => boolean,
): Hit[] {
  const sight = new Sight(facts, isVolatile);
  for (const at of statements) look(sight, at);
  return sight.end();
}

/** Functions whose answers decide whether a default rewrites a table. */
export function functionsOf(statements: readonly Parsed[]): string[] {
  return [
    ...new Set(statements.filter(({ node }) => 'AlterTableStmt' in node).flatMap(({ node }) => functionsIn(node))),
  ];
}

function look(sight: Sight, at: Parsed): void {
  const { node } = at;
  const wide = wideStatement(node);
  if (wide !== null) sight.hit('server-wide', { what: wide, at });
  else if (makes(sight, node)) return;
  else if ('AlterTableStmt' in node) alterTable(sight, at, node.AlterTableStmt);
  else if ('DropStmt' in node) drop(sight, at, node.DropStmt);
  else if ('RenameStmt' in node) rename(sight, at, node.RenameStmt);
  else if ('IndexStmt' in node) index(sight, at, node.IndexStmt);
  else if ('AlterEnumStmt' in node) alterEnum(sight, at, node.AlterEnumStmt);
  else if ('AlterDomainStmt' in node) alterDomain(sight, at, node.AlterDomainStmt);
  else if ('AlterObjectSchemaStmt' in node) {
    const { relation, newschema } = node.AlterObjectSchemaStmt;
    move(sight, at, { relation, to: `${newschema}.${relation?.relname}` });
  } else keepWhole(sight, at);
}

/** Remembers what the set makes itself. */
function makes(sight: Sight, node: Node): boolean {
  if ('CreateStmt' in node) sight.make(sight.nameOf(node.CreateStmt.relation));
  else if ('CreateTableAsStmt' in node) sight.make(sight.nameOf(node.CreateTableAsStmt.into?.rel));
  else if ('ViewStmt' in node) sight.make(sight.nameOf(node.ViewStmt.view));
  else if ('CreateEnumStmt' in node) sight.make(`type ${(node.CreateEnumStmt.typeName ?? []).map(stringOf).at(-1)}`);
  else return false;
  return true;
}

const relationTypes = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE']);

function drop(sight: Sight, at: Parsed, { objects = [], removeType, concurrent }: DropStmt): void {
  if (removeType === 'OBJECT_SCHEMA') dropSchemas(sight, at, objects.map(stringOf));
  if (!relationTypes.has(removeType ?? '') || concurrent === true) return;
  for (const object of objects) {
    const names = 'List' in object ? (object.List.items ?? []).map(stringOf) : [];
    const known = sight.find({ relname: names.at(-1) ?? '', schemaname: names.at(-2) ?? '' });
    if (known === undefined) continue;
    sight.forget(known);
    const { name, kind } = known.relation;
    const word = kind === 'v' || kind === 'm' ? 'view' : 'table';
    sight.hit('dropped-table', { what: `drops the ${word} ${name}`, at, gone: name });
  }
}

function dropSchemas(sight: Sight, at: Parsed, schemas: string[]): void {
  for (const schema of schemas) {
    const inside = sight.facts.relations.filter(({ name }) => name.startsWith(`${schema}.`)).map(({ name }) => name);
    if (inside.length === 0) continue;
    sight.hit('dropped-table', { what: `drops the schema ${schema} with ${inside.slice(0, 4).join(', ')}`, at });
  }
}

function rename(sight: Sight, at: Parsed, { renameType, relation, subname = '', newname = '' }: RenameStmt): void {
  const known = sight.find(relation);
  if (known === undefined) return;
  if (relationTypes.has(renameType ?? '')) {
    move(sight, at, { relation, to: `${known.now.slice(0, known.now.indexOf('.'))}.${newname}` });
  }
  const column = known.columns.get(subname);
  if (renameType !== 'OBJECT_COLUMN' || column === undefined) return;
  known.columns.delete(subname);
  known.columns.set(newname, { ...column, name: newname });
  if (column.isNew) return;
  sight.hit('renamed-column', { what: `renames the column ${known.relation.name}.${subname} to ${newname}`, at });
}

function move(sight: Sight, at: Parsed, { relation, to }: { relation: RangeVar | undefined; to: string }): void {
  const known = sight.find(relation);
  if (known === undefined) return;
  const from = known.now;
  known.now = to;
  sight.hit('renamed-table', { what: `renames ${from} to ${to}`, at, gone: from });
}

function index(sight: Sight, at: Parsed, { relation, concurrent, idxname, unique, indexParams }: IndexStmt): void {
  const known = sight.find(relation);
  if (known === undefined) return;
  const { name } = known.relation;
  const called = idxname === undefined ? 'an index' : `the index ${idxname}`;
  if (concurrent !== true) {
    const what = `builds ${called} of ${name} without CONCURRENTLY, and nobody can write to it meanwhile`;
    sight.hit('long-lock', { what, at, on: known });
  }
  const columns = (indexParams ?? []).flatMap((node) => ('IndexElem' in node ? [node.IndexElem.name ?? ''] : []));
  if (unique !== true || !columns.some((column) => known.columns.get(column)?.isNew === false)) return;
  const what = `${called} lets nothing into ${name} twice: what the previous code writes may be refused`;
  sight.hit('narrowed-check', { what, at });
}

function alterEnum(sight: Sight, at: Parsed, { typeName = [], oldVal = '', newVal }: AlterEnumStmt): void {
  const name = typeName.map(stringOf);
  if (sight.isMade(`type ${name.at(-1)}`)) return;
  const said = name.join('.');
  if (oldVal === '') {
    const what = `adds the value '${newVal}' to ${said}, which the previous code does not know`;
    sight.hit('new-enum-value', { what, at });
  } else {
    const what = `renames the value '${oldVal}' of ${said} to '${newVal}': code that writes the old one is refused`;
    sight.hit('narrowed-check', { what, at });
  }
}

function alterDomain(sight: Sight, at: Parsed, { subtype, typeName = [] }: AlterDomainStmt): void {
  if (subtype !== 'C' && subtype !== 'O') return;
  const name = typeName.map(stringOf).join('.');
  sight.hit('narrowed-check', { what: `the domain ${name} refuses more than before`, at });
}

/** Statements that keep a whole table to themselves. */
function keepWhole(sight: Sight, at: Parsed): void {
  const { node } = at;
  if ('ClusterStmt' in node) rewritten(sight, at, node.ClusterStmt.relation);
  else if ('VacuumStmt' in node) vacuum(sight, at, node.VacuumStmt);
  else if ('RefreshMatViewStmt' in node) {
    if (node.RefreshMatViewStmt.concurrent !== true) locked(sight, at, node.RefreshMatViewStmt.relation);
  } else if ('ReindexStmt' in node) {
    const aside = (node.ReindexStmt.params ?? []).some(
      (one) => 'DefElem' in one && one.DefElem.defname === 'concurrently',
    );
    if (!aside) locked(sight, at, node.ReindexStmt.relation);
  } else if ('LockStmt' in node) {
    for (const each of node.LockStmt.relations ?? []) if ('RangeVar' in each) locked(sight, at, each.RangeVar);
  }
}

function vacuum(sight: Sight, at: Parsed, { options = [], rels = [] }: VacuumStmt): void {
  if (!options.some((option) => 'DefElem' in option && option.DefElem.defname === 'full')) return;
  for (const each of rels) if ('VacuumRelation' in each) rewritten(sight, at, each.VacuumRelation.relation);
}

function locked(sight: Sight, at: Parsed, relation: RangeVar | undefined): void {
  const known = sight.find(relation);
  if (known === undefined) return;
  sight.hit('long-lock', { what: `keeps ${known.relation.name} locked for as long as it runs`, at, on: known });
}

function rewritten(sight: Sight, at: Parsed, relation: RangeVar | undefined): void {
  const known = sight.find(relation);
  if (known === undefined) return;
  sight.hit('table-rewrite', {
    what: `writes every row of ${known.relation.name} anew while nobody can use it`,
    at,
    on: known,
  });
}
