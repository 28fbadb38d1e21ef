import type { Node, TypeName } from 'libpg-query';
import type { ColumnType } from './schema.ts';

/** A type as a statement names it. */
export function typeNamed(written: TypeName | undefined): ColumnType {
  const name = written?.names?.map(stringOf).at(-1) ?? '';
  const mods = (written?.typmods ?? []).map(integerOf);
  const isArray = (written?.arrayBounds ?? []).length > 0;
  return { name: isArray ? `_${name}` : name, mods, shown: `${name}${mods.length > 0 ? `(${mods.join(',')})` : ''}` };
}

export function stringOf(node: Node): string {
  return 'String' in node ? (node.String.sval ?? '') : '';
}

function integerOf(node: Node): number {
  return 'A_Const' in node && 'ival' in node.A_Const ? (node.A_Const.ival?.ival ?? 0) : 0;
}

const sameBytes: Record<string, readonly string[]> = { varchar: ['text'], text: ['varchar'], cidr: ['inet'] };
const wideningLength = new Set(['varchar', 'varbit', 'timestamp', 'timestamptz', 'time', 'timetz', 'interval']);

/** Must the server write every row anew for this change of a column's type? */
export function rewrites(from: ColumnType, to: ColumnType): boolean {
  if (from.name !== to.name) {
    const fits = to.mods.length === 0 && (sameBytes[from.name]?.includes(to.name) ?? false);
    return !fits;
  }
  if (to.mods.length === 0) return from.mods.length > 0 && from.name === 'bpchar';
  const [length = Number.POSITIVE_INFINITY, scale] = from.mods;
  const [newLength = 0, newScale] = to.mods;
  if (from.name === 'numeric') return newLength < length || (newScale ?? 0) !== (scale ?? 0);
  if (wideningLength.has(from.name)) return newLength < length;
  return from.mods.join() !== to.mods.join();
}

const serials = new Set(['serial', 'serial2', 'serial4', 'serial8', 'bigserial', 'smallserial']);

export function isSerial(type: ColumnType): boolean {
  return serials.has(type.name);
}

/** Names of every function in an expression, wherever it stands. */
export function functionsIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(functionsIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const inner = functionsIn(value);
    if (key !== 'FuncCall' || typeof value !== 'object' || value === null || !('funcname' in value)) return inner;
    const parts = (value.funcname as Node[]).map(stringOf);
    return [parts.at(-1) ?? '', ...inner];
  });
}

/** Names of every column in an expression. */
export function columnsIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(columnsIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    if (key !== 'ColumnRef' || typeof value !== 'object' || value === null || !('fields' in value))
      return columnsIn(value);
    return (value.fields as Node[]).map(stringOf).slice(-1);
  });
}
