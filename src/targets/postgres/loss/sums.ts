import { createHash } from 'node:crypto';
import type { Session } from '../connection.ts';
import type { Comparison, KeptSums, Side, Sums } from './comparison.ts';
import { partsOf } from './parts.ts';
import { hashOf } from './texts.ts';

/** Millions of rows are added up in thousands of groups, which are to stay in memory. For the transaction that is open. */
export const summingSettings = [`set local work_mem to '64MB'`, 'set local jit to off'];

/**
 * Nothing is known of the values of a union, so that the planner expects few groups and lets parallel workers add up
 * before it brings them together. Of the column itself it knows that it has millions of values, and would sort them.
 */
export function sumsQuery(comparison: Comparison, side: Side): string {
  return `select part, count(*) || ':' || sum(hash) as sum
    from (select ${partsOf(comparison, side).number} as part, ${hashOf(comparison, side)} as hash
            from ${side.table.from} as savepoint_row
          union all select 0, 0::int8 from pg_class where false) as hashed group by part`;
}

/** Of one side of a comparison; read only where they are not kept. */
export async function readSums(comparison: Comparison, side: Side): Promise<Sums> {
  const query = sumsQuery(comparison, side);
  const kept = await side.kept?.find(query);
  if (kept != null) return kept;
  const rows = await side.session.rows<{ part: number; sum: string }>(query);
  const sums = new Map(rows.map(({ part, sum }) => [part, sum]));
  await side.kept?.keep(query, sums);
  return sums;
}

/** As a fingerprint tells them. */
export function totalOf(sums: Sums): { rows: string; sum: string } {
  let rows = 0n;
  let total = 0n;
  for (const each of sums.values()) {
    const [count = '0', sum = '0'] = each.split(':');
    rows += BigInt(count);
    total += BigInt(sum);
  }
  return { rows: `${rows}`, sum: `${total}` };
}

/**
 * Of the database with this oid, which a restore with this key made and nobody has changed since. Whoever changes it or
 * makes it anew forgets them: `forgetSums`.
 */
export function keptSums(maintenance: Session, key: string, oid: string): KeptSums {
  return {
    find: async (query) => {
      const [row] = await maintenance.rows<{ sums: string }>(
        'select sums from savepoint.sums where key = $1 and database_oid = $2 and query = $3',
        [key, oid, digest(query)],
      );
      return row === undefined ? null : parsed(row.sums);
    },
    keep: async (query, sums) => {
      await maintenance.rows(
        `insert into savepoint.sums (key, database_oid, query, sums) values ($1, $2, $3, $4)
         on conflict (key, database_oid, query) do update set sums = excluded.sums`,
        [key, oid, digest(query), [...sums].map(([part, sum]) => `${part} ${sum}`).join('\n')],
      );
    },
  };
}

function parsed(lines: string): Sums {
  const sums: Sums = new Map();
  if (lines === '') return sums;
  for (const line of lines.split('\n')) {
    const [part = '', sum = ''] = line.split(' ');
    sums.set(Number(part), sum);
  }
  return sums;
}

function digest(query: string): string {
  return createHash('sha256').update(query).digest('hex');
}

/** Of one database of a restore, or of all of them. */
export async function forgetSums(maintenance: Session, key: string, oid: string | null = null): Promise<void> {
  await maintenance.rows('delete from savepoint.sums where key = $1 and database_oid = coalesce($2, database_oid)', [
    key,
    oid,
  ]);
}
