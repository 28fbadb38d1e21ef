import { type AlterTableCmd, type Constraint, type DropStmt, type Node, parseSync, type RangeVar } from 'libpg-query';
import { identifier } from './connection.ts';
import type { Statement } from './statements.ts';

/**
 * Something that a statement leaves in the catalogue.
 *
 * - `kind` says how to look for it · `relation`: quoted, as the statement names it · `name`: of what belongs to it
 * - `telling`: it being so tells that the statement ran; `if exists` and the like hold just as well without it
 */
export type Expectation = {
  kind: 'relation' | 'column' | 'required column' | 'constraint' | 'index' | 'type' | 'label' | 'schema' | 'extension';
  relation: string;
  name: string;
  present: boolean;
  telling: boolean;
};

/** What all statements together leave behind; `untold`: statements whose effect no look at the catalogue can prove. */
export type Expected = { expectations: Expectation[]; untold: string[] };

function relationOf(range: RangeVar | undefined): string {
  const { schemaname, relname = '' } = range ?? {};
  return schemaname === undefined ? identifier(relname) : `${identifier(schemaname)}.${identifier(relname)}`;
}

function wordsOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
}

function qualified(nodes: readonly Node[] | undefined): string {
  return wordsOf(nodes).map(identifier).join('.');
}

function made(kind: Expectation['kind'], relation: string, name = '', telling = true): Expectation {
  return { kind, relation, name, present: true, telling };
}

function columnsOf(relation: string, elements: readonly Node[] | undefined): Expectation[] {
  return (elements ?? []).flatMap((element) =>
    'ColumnDef' in element ? [made('column', relation, element.ColumnDef.colname, false)] : [],
  );
}

function droppedBy({ objects, removeType, missing_ok }: DropStmt): Expectation[] | null {
  const kind = { OBJECT_TABLE: 'relation', OBJECT_VIEW: 'relation', OBJECT_MATVIEW: 'relation', OBJECT_INDEX: 'index' };
  const found = Object.entries(kind).find(([type]) => type === removeType)?.[1];
  if (found === undefined) return null;
  return (objects ?? []).map((object) => ({
    kind: found === 'index' ? 'index' : 'relation',
    relation: 'List' in object ? qualified(object.List.items) : '',
    name: '',
    present: false,
    telling: missing_ok !== true,
  }));
}

function alteredBy(relation: string, cmd: AlterTableCmd): Expectation | null {
  const { subtype, name = '', def, missing_ok } = cmd;
  const telling = missing_ok !== true;
  const constraint: Constraint = def !== undefined && 'Constraint' in def ? def.Constraint : {};
  const column = def !== undefined && 'ColumnDef' in def ? (def.ColumnDef.colname ?? '') : '';
  switch (subtype) {
    case 'AT_AddColumn':
      return made('column', relation, column, telling);
    case 'AT_DropColumn':
      return { ...made('column', relation, name, telling), present: false };
    case 'AT_SetNotNull':
      return made('required column', relation, name);
    case 'AT_DropNotNull':
      return { ...made('required column', relation, name), present: false };
    case 'AT_AddConstraint':
      return constraint.conname === undefined ? null : made('constraint', relation, constraint.conname);
    case 'AT_DropConstraint':
      return { ...made('constraint', relation, name, telling), present: false };
    default:
      return null;
  }
}

/** Null when the catalogue cannot prove that this statement ran. */
function expectationsOf(node: Node): Expectation[] | null {
  if ('CreateStmt' in node) {
    const { relation: range, tableElts, if_not_exists } = node.CreateStmt;
    const relation = relationOf(range);
    return [made('relation', relation, '', if_not_exists !== true), ...columnsOf(relation, tableElts)];
  }
  if ('AlterTableStmt' in node) {
    const { relation: range, cmds } = node.AlterTableStmt;
    const relation = relationOf(range);
    const each = (cmds ?? []).map((cmd) => ('AlterTableCmd' in cmd ? alteredBy(relation, cmd.AlterTableCmd) : null));
    return each.includes(null) ? null : each.filter((one) => one !== null);
  }
  if ('IndexStmt' in node) return indexOf(node.IndexStmt);
  if ('DropStmt' in node) return droppedBy(node.DropStmt);
  if ('CreateEnumStmt' in node) return [made('type', qualified(node.CreateEnumStmt.typeName))];
  if ('AlterEnumStmt' in node) {
    const { typeName, newVal, oldVal, skipIfNewValExists } = node.AlterEnumStmt;
    return oldVal === undefined
      ? [made('label', qualified(typeName), newVal ?? '', skipIfNewValExists !== true)]
      : null;
  }
  if ('CreateSchemaStmt' in node) {
    const { schemaname = '', schemaElts, if_not_exists } = node.CreateSchemaStmt;
    return schemaElts === undefined ? [made('schema', identifier(schemaname), '', if_not_exists !== true)] : null;
  }
  if ('CreateExtensionStmt' in node) {
    return [
      made('extension', node.CreateExtensionStmt.extname ?? '', '', node.CreateExtensionStmt.if_not_exists !== true),
    ];
  }
  if ('CreateSeqStmt' in node) {
    return [made('relation', relationOf(node.CreateSeqStmt.sequence), '', node.CreateSeqStmt.if_not_exists !== true)];
  }
  if ('ViewStmt' in node && node.ViewStmt.replace !== true) return [made('relation', relationOf(node.ViewStmt.view))];
  return null;
}

/** An index is in the schema of its table. */
function indexOf(index: { idxname?: string; relation?: RangeVar; if_not_exists?: boolean }): Expectation[] | null {
  if (index.idxname === undefined) return null;
  const { schemaname } = index.relation ?? {};
  const name = relationOf({ relname: index.idxname, ...(schemaname === undefined ? {} : { schemaname }) });
  return [made('index', name, '', index.if_not_exists !== true)];
}

function keyOf({ kind, relation, name }: Expectation): string {
  return `${relation} ${kind} ${name}`;
}

/**
 * What statements, run in this order, leave in the catalogue. A later statement wins over an earlier one; what one made
 * and another took away tells nothing.
 */
export function expectedOf(statements: readonly Statement[]): Expected {
  const known = new Map<string, Expectation>();
  const untold: string[] = [];
  for (const { text, kind } of statements) {
    const node = parseSync(text).stmts?.[0]?.stmt;
    const found = node === undefined ? null : expectationsOf(node);
    if (found === null) untold.push(text.replaceAll(/\s+/g, ' ').slice(0, 60));
    // From here on names mean something else.
    if (kind === 'VariableSetStmt' && /search_path/i.test(text)) return { expectations: [], untold };
    if (node !== undefined && 'RenameStmt' in node) forget(known, relationOf(node.RenameStmt.relation));
    for (const one of found ?? []) take(known, one);
  }
  return { expectations: [...known.values()], untold };
}

function take(known: Map<string, Expectation>, one: Expectation): void {
  const before = known.get(keyOf(one));
  if (one.kind === 'relation' && !one.present) forget(known, one.relation);
  known.set(keyOf(one), { ...one, telling: one.telling && (before === undefined || before.present === one.present) });
}

function forget(known: Map<string, Expectation>, relation: string): void {
  for (const key of known.keys()) if (key.startsWith(`${relation} `)) known.delete(key);
}
