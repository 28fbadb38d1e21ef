/** Rows of smoke tests: rows of `table` whose `column` matches `like`, a pattern of SQL. They are shown and do not count. */
export type Mark = { table: string; column: string; like: string };

/** `ignore`: tables, as `orders` or `schema.orders`, whose rows are shown and do not count. */
export type LossRules = { ignore: string[]; marks: Mark[] };

/** What a restore would undo in one table. Rows of the release itself are told apart in `own` and counted nowhere else. */
export type TableLoss = {
  /** With its schema: `public.orders`. */
  table: string;
  /** `key`: joined on the primary key · `multiset`: there is none, so a changed row is one added and one removed. */
  by: 'key' | 'multiset';
  added: number;
  changed: number;
  removed: number;
  /** How many of the above only smoke tests wrote. */
  marked: number;
  own: number;
  ignored: boolean;
};

/** Exact for the instant at which it was measured. `rows` counts what is neither ignored nor marked. */
export type Loss = {
  measuredAt: string;
  /** Writers were held meanwhile; else it is an estimate, and nothing is restored on it. */
  held: boolean;
  rows: number;
  /** Tables that differ, the ignored ones too. */
  tables: TableLoss[];
  /** What could not be compared, and why. While this is not empty, nobody knows that nothing is lost. */
  notCompared: string[];
};

/** `copy`: apply the rows to the copy beside · `files`: write them as files that load into the old schema. */
export type Carrying = LossRules & { into: 'copy' | 'files'; directory: string };

/** `carried`: rows that the copy or the files hold now. `left`: rows that do not fit, each filed with its reason. */
export type Carried = {
  into: Carrying['into'];
  carried: number;
  left: number;
  tables: { table: string; carried: number; left: number; why: string[] }[];
  files: string[];
};

/** Rows that may be lost: in all, or in each table that is named and none in others. */
export type Bound = number | Record<string, number>;

/** Rows that count, by table, without those that are ignored or marked. */
export function countedRows(loss: Loss): { table: string; rows: number }[] {
  return loss.tables
    .filter(({ ignored }) => !ignored)
    .map(({ table, added, changed, removed, marked }) => ({ table, rows: added + changed + removed - marked }))
    .filter(({ rows }) => rows > 0);
}

/**
 * What several databases would lose, as a bound: by table, or in all where two of them have a table of the same name. By
 * table each of the two might lose what both of them were shown to lose.
 */
export function boundOfLosses(losses: readonly Loss[]): Bound {
  const counted = losses.flatMap(countedRows);
  const tables = new Set(counted.map(({ table }) => table));
  if (tables.size < counted.length) return counted.reduce((all, { rows }) => all + rows, 0);
  return Object.fromEntries(counted.map(({ table, rows }) => [table, rows]));
}

/** What is known not to be lost: nothing differs that counts, and everything was compared. */
export function isNothing(loss: Loss): boolean {
  return loss.rows === 0 && loss.notCompared.length === 0;
}

/** Is this loss within what a person approved? A bound on a table may leave out its schema when that is `public`. */
export function isWithin(lost: readonly { table: string; rows: number }[], bound: Bound): boolean {
  if (typeof bound === 'number') return lost.reduce((sum, { rows }) => sum + rows, 0) <= bound;
  return lost.every(({ table, rows }) => rows <= (bound[table] ?? bound[table.replace(/^public\./, '')] ?? 0));
}

/** `orders 12, public.users 3 (ignored)`; `nothing` when no table differs. */
export function lossInWords(loss: Loss): string {
  const words = loss.tables.map(({ table, added, changed, removed, marked, ignored }) => {
    const parts = [
      [added, 'added'],
      [changed, 'changed'],
      [removed, 'deleted'],
    ] as const;
    const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
    if (said.length === 0) return null;
    const asides = [marked > 0 ? `${marked} by smoke tests` : '', ignored ? 'ignored' : ''].filter(
      (each) => each !== '',
    );
    return `${table} ${said.join(', ')}${asides.length > 0 ? ` (${asides.join(', ')})` : ''}`;
  });
  return words.filter((each) => each !== null).join('; ') || 'nothing';
}

/** What became of the rows that users wrote since the savepoint, one line; null where nobody had to measure. */
export function fateInWords(loss: Loss | undefined, carried: Carried | undefined): string | null {
  if (loss === undefined) return null;
  const written = `written since the savepoint: ${lossInWords(loss)}`;
  if (loss.rows === 0) return written;
  if (carried === undefined) return `${written}; undone, and still in the database that was set aside`;
  const done = carried.into === 'copy' ? 'carried over' : 'kept as files';
  const files = carried.files.length === 0 ? '' : `; files: ${carried.files.join(', ')}`;
  const left = carried.left === 0 ? '' : `, ${carried.left} do not fit`;
  return `${written}; ${done}: ${carried.carried}${left}${files}`;
}
