import type { RuleName } from '../rules/names.schema.ts';
import type { Column, SchemaFacts } from '../rules/schema.ts';
import type { Hit } from '../rules/table.ts';

/** `object`: what it is about, as `schema.table` or `schema.table.column`; `now`: what that is called since. */
export type Outcome = { object: string; now?: string; hit: Hit };

/** A table that is written anew in a moment. Bytes. */
const smallBytes = 16 * 1024 * 1024;

/** What a migration broke, told by the catalogue before and after: right for every tool, and for SQL that is made up on the way. */
export function differences(before: SchemaFacts, after: SchemaFacts): Outcome[] {
  return [
    ...ofRelations(before, after),
    ...ofColumns(before, after),
    ...ofConstraints(before, after),
    ...ofEnums(before, after),
  ];
}

function outcome(rule: RuleName, object: string, what: string, mild?: Hit['mild']): Outcome {
  return { object, hit: { rule, what, where: null, statement: null, mild } };
}

function ofRelations(before: SchemaFacts, after: SchemaFacts): Outcome[] {
  const now = new Map(after.relations.map((relation) => [relation.name, relation]));
  return before.relations.flatMap((relation) => {
    const { name, file, kind, bytes } = relation;
    const same = now.get(name);
    const isView = same?.kind === 'v' && kind !== 'v';
    if (same !== undefined && !isView) {
      if (same.file === file || !['r', 'm'].includes(kind)) return [];
      const mild = bytes <= smallBytes ? 'small' : undefined;
      return [outcome('table-rewrite', name, `every row of ${name} was written anew`, mild)];
    }
    const [replaced, mild] = isView ? [', and a view has its name', 'replaced' as const] : ['', undefined];
    const moved = file === '0' ? undefined : after.relations.find((other) => other.file === file);
    if (moved === undefined) return [outcome('dropped-table', name, `${name} is gone${replaced}`, mild)];
    const renamed = outcome('renamed-table', name, `${name} is called ${moved.name} now${replaced}`, mild);
    return [{ ...renamed, now: moved.name }];
  });
}

function ofColumns(before: SchemaFacts, after: SchemaFacts): Outcome[] {
  // The columns of a view are not known here.
  const stays = new Set(after.relations.flatMap(({ name, kind }) => (kind === 'v' ? [] : [name])));
  const keys = new Map(before.relations.map(({ name, key }) => [name, key]));
  const old = before.columns.filter(({ table }) => stays.has(table));
  const gone = old.flatMap((column) => changed(column, after, keys.get(column.table) ?? []));
  const existed = new Set(before.relations.map(({ name }) => name));
  const added = after.columns.filter(
    ({ table, name, number }) =>
      existed.has(table) && !before.columns.some((one) => isSame(one, { table, name, number })),
  );
  const unfilled = added.filter(({ notNull, filled }) => notNull && !filled);
  return [...gone, ...unfilled.map((column) => notFilled(column, 'is new, NOT NULL and has no default'))];
}

function isSame(one: Pick<Column, 'table' | 'number'>, other: Pick<Column, 'table' | 'name' | 'number'>): boolean {
  return one.table === other.table && one.number === other.number;
}

function notFilled({ table, name }: Column, how: string): Outcome {
  return outcome('not-null-without-default', `${table}.${name}`, `${table}.${name} ${how}`);
}

function changed(column: Column, after: SchemaFacts, key: readonly string[]): Outcome[] {
  const whole = `${column.table}.${column.name}`;
  const now = after.columns.find((other) => isSame(column, other));
  if (now === undefined) return [outcome('dropped-column', whole, `${whole} is gone`)];
  const found: Outcome[] = [];
  if (now.name !== column.name) {
    const renamed = outcome('renamed-column', whole, `${whole} is called ${now.name} now`);
    found.push({ ...renamed, now: `${column.table}.${now.name}` });
  }
  if (now.type.name !== column.type.name && key.includes(column.name)) {
    found.push(
      outcome(
        'changed-key-type',
        whole,
        `the primary key ${whole} is ${now.type.shown} instead of ${column.type.shown}`,
      ),
    );
  }
  if (now.notNull && !column.notNull && !now.filled)
    found.push(notFilled(column, 'is NOT NULL now and has no default'));
  return found;
}

function ofConstraints(before: SchemaFacts, after: SchemaFacts): Outcome[] {
  const known = new Set(before.constraints.map(({ table, name, definition }) => `${table} ${name} ${definition}`));
  const old = new Set(before.columns.map(({ table, name }) => `${table}.${name}`));
  return after.constraints
    .filter(({ table, name, definition }) => !known.has(`${table} ${name} ${definition}`))
    .filter(({ table, columns }) => columns.some((column) => old.has(`${table}.${column}`)))
    .map(({ table, name, definition }) =>
      outcome('narrowed-check', table, `${name} of ${table} refuses more than before: ${definition}`),
    );
}

function ofEnums(before: SchemaFacts, after: SchemaFacts): Outcome[] {
  return before.enums.flatMap(({ name, labels }) => {
    const now = after.enums.find((other) => other.name === name)?.labels;
    if (now === undefined) return [];
    const added = now.filter((label) => !labels.includes(label));
    const gone = labels.filter((label) => !now.includes(label));
    return [
      ...added.map((label) => outcome('new-enum-value', name, `${name} has the new value '${label}'`)),
      ...gone.map((label) => outcome('narrowed-check', name, `${name} has no value '${label}' any more`)),
    ];
  });
}
